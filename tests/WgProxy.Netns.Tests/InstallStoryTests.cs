using System.Diagnostics;
using WgProxy.Netns.Tests.Packages;
using WgProxy.Tests;
using WgProxy.Tests.Guides;

namespace WgProxy.Netns.Tests;

/// <summary>What the pages have a person type to install wgproxy, typed as it stands on a Debian 12 with systemd and little else. In place of the
/// editor stands a program that edits as the page says.</summary>
[Trait("Engine", "None")]
[Collection(Loud.Name)]
public sealed class InstallStoryTests
{
    private const string Wrong = "Colour = red";
    private static readonly TimeSpan Minutes = TimeSpan.FromMinutes(2);

    private readonly Stopwatch _commands = new();
    private int _typed;

    [LongFact]
    public async Task The_story_of_the_readme_takes_less_than_two_minutes()
    {
        using InstalledStage stage = await BootAsync();
        Queue<DocumentBlock> blocks = new(DocumentCommands.Of("README.md", nameof(InstallStoryTests)));
        Bring(stage, DebianPackage.Path);
        Type(stage, blocks.Dequeue(), stage.FillInScript());
        using ProbeStream stream = await stage.ConnectAsync();
        string[] answers = Type(stage, blocks.Dequeue());
        Assert.Contains("1 confirmed", answers[0], StringComparison.Ordinal);
        Assert.Contains("\nwgproxy_mappings", answers[1], StringComparison.Ordinal);

        // A newer package.
        int process = stage.Host.MainProcess();
        Bring(stage, DebianPackage.Remake(stage.Folder, "9.0"));
        Type(stage, blocks.Dequeue());
        await stage.GoesOnAsync(stream, TimeSpan.FromSeconds(20));
        Assert.NotEqual(process, stage.Host.MainProcess());
        await stage.SaysAsync("1 of 1 mappings go on from ");

        // A mistake is named and refused, and then mended.
        DocumentBlock edit = blocks.Dequeue();
        process = stage.Host.MainProcess();
        answers = Type(stage, edit, $"echo '{Wrong}' >>{InstalledStage.Configuration}", mayFail: true);
        Assert.Contains("unknown key \"Colour\"", answers[1], StringComparison.Ordinal);
        await stage.SaysAsync("unknown key \"Colour\"");
        await stage.GoesOnAsync(stream, TimeSpan.FromSeconds(20));
        answers = Type(stage, edit, $"sed -i '/^{Wrong}$/d' {InstalledStage.Configuration}");
        Assert.DoesNotContain("error", answers[1], StringComparison.Ordinal);
        await stage.GoesOnAsync(stream, TimeSpan.FromSeconds(20));
        Assert.Equal(process, stage.Host.MainProcess());
        Assert.Empty(blocks);
        ProbeAccount account = await stream.StopAsync();
        Measured.Write($"the readme's story: {_typed} commands ran for {_commands.Elapsed.TotalSeconds:0.0} s; {account}");
        Assert.InRange(_commands.Elapsed, TimeSpan.Zero, Minutes);
        Assert.InRange(account.Lost, 0, 2);
    }

    [LongFact]
    public async Task The_install_page_leads_to_a_tunnel_and_to_a_clients_own_lines_in_the_journal()
    {
        using InstalledStage stage = await BootAsync();
        Bring(stage, DebianPackage.Path);
        DocumentBlock[] blocks = [.. DocumentCommands.Of("docs/install.md", nameof(InstallStoryTests))];
        Type(stage, blocks[0], stage.FillInScript() + $"\nsed -i '/^PublicKey = /a[Peer]\\nName = alice-phone\\nPublicKey = {stage.Client.Key.Public}' {InstalledStage.Configuration}");
        using ProbeStream stream = await stage.ConnectAsync();
        string said = Type(stage, DocumentCommands.Of("docs/options.md", nameof(InstallStoryTests)).Single())[0];
        Assert.Contains("(alice-phone) has a tunnel", said, StringComparison.Ordinal);
    }

    [LongFact]
    public async Task The_install_page_leads_to_a_tunnel_without_the_package_too()
    {
        using InstalledStage stage = await BootAsync();
        File.Copy(RelayProcess.Binary, stage.Host.PathOf("/usr/local/bin/wgproxy"));
        Command.Run("cp", "-r", Path.Combine(Repository.Root, "contrib"), stage.Host.PathOf("/root/contrib"));

        // The kernel's settings are the machine's, and are not a test's to change.
        stage.Host.Shell("printf '#!/bin/sh\\n[ \"$*\" = --system ]\\n' >/usr/sbin/sysctl; chmod +x /usr/sbin/sysctl");
        Type(stage, DocumentCommands.Of("docs/install.md", nameof(InstallStoryTests))[1], stage.FillInScript());
        using ProbeStream stream = await stage.ConnectAsync();
        await stage.GoesOnAsync(stream, TimeSpan.FromSeconds(20));
    }

    private static async Task<InstalledStage> BootAsync()
    {
        Assert.SkipWhen(DebianPackage.Missing is not null, DebianPackage.Missing ?? "");
        Assert.SkipUnless(File.Exists("/usr/sbin/debootstrap"), "needs debootstrap");
        InstalledStage stage = await InstalledStage.StartAsync(DebianRoot.Make());
        stage.Host.Shell("printf '#!/bin/sh\\ntest \"$*\" = /etc/wgproxy/wgproxy.conf && exec sh -e /run/hands\\n' >/usr/bin/nano; chmod +x /usr/bin/nano");
        return stage;
    }

    // The only package in the folder of whoever types.
    private static void Bring(InstalledStage stage, string package)
    {
        stage.Host.Shell("rm -f /root/wgproxy_*.deb");
        File.Copy(package, stage.Host.PathOf($"/root/{Path.GetFileName(package)}"));
    }

    // Types a block, one command after the other, and returns what each said.
    private string[] Type(InstalledStage stage, DocumentBlock block, string hands = "exit 1", bool mayFail = false) =>
        [.. block.Commands().Select(command => Type(stage, command, hands, mayFail))];

    private string Type(InstalledStage stage, string command, string hands, bool mayFail)
    {
        File.WriteAllText(stage.Host.PathOf("/run/hands"), hands);
        _commands.Start();
        string said = stage.Host.Shell($"exec 2>&1\ncd /root\n{(mayFail ? "set +e" : "")}\n{command}\n{(mayFail ? "true" : "")}");
        _commands.Stop();
        _typed++;
        TestContext.Current.TestOutputHelper?.WriteLine($"$ {command}\n{said}");
        return said;
    }
}
