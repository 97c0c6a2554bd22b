using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Protocol;

namespace WgProxy.Tests;

/// <summary>The stories of docs/troubleshooting.md: each is whole, and those that loopback shows are made and asked for here. The others are made with
/// real WireGuard in <c>WgProxy.Netns.Tests</c>.</summary>
public sealed class StoriesTests : IDisposable
{
    private static readonly string[] Wanted =
    [
        "wrong-key", "server-down", "peer-unknown", "dns-gone", "port-taken", "firewall", "address-changed", "flood", "buffers", "full-table", "two-relays",
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-story-").FullName;

    private string Socket => Path.Combine(_folder, "control.sock");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Each_story_has_its_symptom_its_log_line_its_command_and_what_mends_it()
    {
        Assert.Equal(Wanted, Story.All.Select(story => story.Name));
        Assert.All(Story.All, story => Assert.All((string[])[story.Symptom, story.Log, story.Answer, story.Mend], Assert.NotEmpty));
        Assert.All(Story.All, story => Assert.StartsWith("wgproxy ", story.Ask, StringComparison.Ordinal));
        Assert.Equal(Story.All.Select(story => (story.Log, story.Symptom)), Story.ByLine);
        Assert.Distinct(Story.All.Select(story => story.Symptom));
    }

    [Theory]
    [InlineData("server {server} is at {address}", "info server home (x:1) is at 192.0.2.1:1", true)]
    [InlineData("server {server} is at {address}", "info server home is where it was", false)]
    public void Words_in_braces_stand_for_values(string template, string line, bool isLogged) =>
        Assert.Equal(isLogged, new Story("x", "x", template, "x", template, "x").IsLogged(line));

    [Fact]
    public async Task A_full_table_is_told()
    {
        Story story = Story.Of("full-table");
        using Farm farm = new(1);
        using RunningProgram program = new(null, "--config", farm.Write(), "--control", Socket, "--max-mappings", "1");
        IPEndPoint relay = await program.ListeningAsync();
        await program.LineAsync(" answers requests on ");
        Assert.True(story.IsLogged(await program.LineAsync("room for ")));
        await program.LineAsync(" info server s1 (");
        using UdpClient first = new(new IPEndPoint(IPAddress.Loopback, 0));
        _ = await farm.ShakeHandsAsync(first, relay, 1);
        using UdpClient second = new(new IPEndPoint(IPAddress.Loopback, 0));
        await second.SendAsync(farm.InitiationFor(1), relay, TestContext.Current.CancellationToken);
        await AnswersAsync(story, header: 0, "why");
    }

    [Fact]
    public async Task A_flood_is_told()
    {
        Story story = Story.Of("flood");
        HeardLog heard = new();
        heard.Log.Refused(TimeSpan.FromMinutes(10), "BadMac1 500");
        Assert.True(story.IsLogged(Assert.Single(heard.Lines)));
        using Farm farm = new(1);
        using RunningProgram program = new(null, "--config", farm.Write(), "--control", Socket);
        IPEndPoint relay = await program.ListeningAsync();
        await program.LineAsync(" answers requests on ");
        using UdpClient stranger = new(new IPEndPoint(IPAddress.Loopback, 0));
        Mac1 guessed = new(Keys.Parse(Keys.TextOf(99)));
        await stranger.SendAsync("no WireGuard"u8.ToArray(), relay, TestContext.Current.CancellationToken);
        for (uint i = 0; i < 500; i++)
        {
            await stranger.SendAsync(WireMessages.Initiation(guessed, i), relay, TestContext.Current.CancellationToken);
        }

        await AnswersAsync(story, header: 1, "show", "drops");
    }

    private async Task AnswersAsync(Story story, int header, params string[] typed)
    {
        Assert.Equal(story.Ask, $"wgproxy {string.Join(' ', typed)}");
        string said = string.Empty;
        for (int tries = 0; tries < 50; tries++)
        {
            using RunningProgram command = new(null, [.. typed, "--control", Socket]);
            (_, said, _) = await command.ExitAsync();
            if (said.Split('\n') is var lines && lines.Length > header && story.IsAnswer(lines[header]))
            {
                return;
            }
        }

        Assert.Fail($"\"{story.Answer}\" is not what is said:\n{said}");
    }
}
