using System.Net.Sockets;
using WgProxy.Netns.Tests.Packages;
using WgProxy.Tests.Guides;

namespace WgProxy.Netns.Tests;

/// <summary>What the documents have people type at a running relay, typed as it stands, beside the package's service and a client with a tunnel.</summary>
[Trait("Engine", "None")]
public sealed class DocumentedCommandsTests
{
    // A client that the documents' examples have.
    private const string ExampleClient = "192.0.2.7";

    private static readonly WireGuardKey Attic = WireGuardKey.New();

    [PackageFact]
    public async Task Questions_are_answered()
    {
        using InstalledStage stage = await StartAsync();
        using ProbeStream stream = await stage.ConnectAsync();
        DocumentBlock[] questions =
        [
            .. DocumentCommands.Of("docs/commands.md", nameof(DocumentedCommandsTests)),
            .. DocumentCommands.Of("docs/troubleshooting.md", nameof(DocumentedCommandsTests)),
        ];
        foreach (string command in questions.Where(block => block.Language is "sh").SelectMany(block => block.Commands()))
        {
            Assert.NotEmpty(Ask(stage, command));
        }

        foreach (string command in DocumentCommands.Of("docs/metrics.md", nameof(DocumentedCommandsTests)).SelectMany(block => block.Commands()))
        {
            Assert.Contains("\nwgproxy_", Type(stage, command), StringComparison.Ordinal);
        }

        // The last of these denies the client.
        foreach (string command in DocumentCommands.Of("docs/control.md", nameof(DocumentedCommandsTests)).SelectMany(block => block.Commands()))
        {
            Assert.StartsWith("{", Type(stage, command), StringComparison.Ordinal);
        }

        // The server's answer to her next handshake tells who she is.
        stage.ShakeHands();
        await Eventually.TrueAsync(
            () => Ask(stage, "wgproxy show drops").Contains("NotAPeer", StringComparison.Ordinal), TimeSpan.FromSeconds(20), "the denied client gets no tunnel");
    }

    [PackageFact]
    public async Task Orders_are_answered_as_the_page_says()
    {
        using InstalledStage stage = await StartAsync();
        using ProbeStream stream = await stage.ConnectAsync();

        // Another server in place of the one that is not to be: its key tells them apart.
        Type(stage, $"sed -i -e 's/^Name = attic/Name = office/' -e 's|{Attic.Public}|{WireGuardKey.New().Public}|' {InstalledStage.Configuration}");
        DocumentBlock block = DocumentCommands.Of("docs/commands.md", nameof(DocumentedCommandsTests)).Single(each => each.Language is "console");
        foreach (string answered in string.Join('\n', block.Lines).Split("$ ", StringSplitOptions.RemoveEmptyEntries))
        {
            string[] lines = answered.TrimEnd().Split('\n');
            Assert.Equal(string.Join('\n', lines[1..]).Replace(ExampleClient, stage.ClientAddress, StringComparison.Ordinal), Type(stage, lines[0]).Trim());
            if (lines[0] is "wgproxy drop alice-phone")
            {
                stage.ShakeHands();
                await stage.GoesOnAsync(stream, TimeSpan.FromSeconds(20));
            }
        }
    }

    [PackageFact]
    public async Task Settings_of_the_kernel_are_made_and_their_options_are_right()
    {
        using InstalledStage stage = await StartAsync();
        foreach (DocumentBlock block in DocumentCommands.Of("docs/options.md", nameof(DocumentedCommandsTests)))
        {
            Type(stage, $"{block.Script()}wgproxy check --config {InstalledStage.Configuration}");
        }
    }

    // Two servers, and a client with a name.
    private static async Task<InstalledStage> StartAsync()
    {
        InstalledStage stage = await InstalledStage.StartAsync();
        try
        {
            stage.FillIn();
            stage.Host.Shell($"""
                sed -i '/^PublicKey = /a\[Peer]\nName = alice-phone\nPublicKey = {stage.Client.Key.Public}\n\n[Server]\nName = attic\nEndpoint = [2001:db8::9]:51820\nPublicKey = {Attic.Public}\n' {InstalledStage.Configuration}
                ln -sf {InstalledStage.Configuration} /run/FILE
                """);
            stage.Host.Control("start", "wgproxy.service");
            return stage;
        }
        catch
        {
            stage.Dispose();
            throw;
        }
    }

    private static string Type(InstalledStage stage, string commands)
    {
        string said = stage.Host.Shell($"cd /run\n{commands.Replace(ExampleClient, stage.ClientAddress, StringComparison.Ordinal)}\n");
        TestContext.Current.TestOutputHelper?.WriteLine($"$ {commands}\n{said}");
        return said;
    }

    // A question whose answer may be that something is amiss: exit code 1.
    private static string Ask(InstalledStage stage, string command) => Type(stage, $"code=0\n{command.Split(" #")[0]} || code=$?\n[ $code -le 1 ]");
}
