using System.Net;
using System.Runtime.Versioning;
using System.Text.Json;
using WgProxy.Status;

namespace WgProxy.Tests.Control;

/// <summary>The socket itself: whose it is, when it is replaced, and what bad requests get.</summary>
[Trait("Forms", "All")]
[UnsupportedOSPlatform("windows")]
public sealed class SocketTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-socket-").FullName;

    private string Socket => Path.Combine(_folder, "run", "control.sock");

    private Dictionary<string, string> Settings => new(StringComparer.Ordinal)
    {
        ["WGPROXY_SERVER"] = "127.0.0.1:9",
        ["WGPROXY_PUBKEY"] = Keys.Text,
        ["WGPROXY_LISTEN"] = "127.0.0.1:0",
        ["WGPROXY_CONTROL"] = Socket,
    };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task It_is_its_owners_alone_and_gone_with_the_relay()
    {
        using RunningProgram program = new(Settings);
        await ThereAsync();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Socket));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(Socket)!));
        Assert.False(Path.Exists(Socket + ".new"));
        program.Signal(RunningProgram.Terminate);
        Assert.Equal(0, (await program.ExitAsync()).Code);
        Assert.False(Path.Exists(Socket));
    }

    [Fact]
    public async Task A_killed_relays_socket_is_replaced_and_a_living_ones_is_not()
    {
        using (RunningProgram killed = new(Settings))
        {
            await ThereAsync();
            killed.Signal(RunningProgram.Kill9);
            _ = await killed.ExitAsync();
        }

        Assert.True(Path.Exists(Socket));
        using RunningProgram living = new(Settings);
        await living.ListeningAsync();
        await ThereAsync();
        using RunningProgram second = new(Settings);
        Assert.EndsWith(
            $" warning --control (WGPROXY_CONTROL) is \"{Socket}\": another relay answers on it; this relay cannot be asked, and relays all the same",
            await second.LineAsync("--control"),
            StringComparison.Ordinal);
        second.Signal(RunningProgram.Terminate);
        Assert.Equal(0, (await second.ExitAsync()).Code);
        await ThereAsync();
    }

    [Fact]
    public async Task What_is_no_socket_is_left_alone()
    {
        _ = Directory.CreateDirectory(Path.GetDirectoryName(Socket)!);
        await File.WriteAllTextAsync(Socket, "mine", TestContext.Current.CancellationToken);
        using RunningProgram program = new(Settings);
        Assert.Contains(": something else than a socket is there; expected a path that is free;", await program.LineAsync("--control"), StringComparison.Ordinal);
        program.Signal(RunningProgram.Terminate);
        Assert.Equal(0, (await program.ExitAsync()).Code);
        Assert.Equal("mine", await File.ReadAllTextAsync(Socket, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Bad_requests_are_refused_in_words_and_disturb_nothing()
    {
        using RunningProgram program = new(Settings);
        await ThereAsync();
        using ControlClient control = new(Socket);
        (HttpStatusCode code, JsonElement report) = await control.AskAsync("/v2/status");
        Assert.Equal((HttpStatusCode.NotFound, true), (code, report.TryGetProperty("error", out _)));
        using HttpResponseMessage posted = await control.SendAsync(HttpMethod.Post, "/v1/status");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, posted.StatusCode);
        Assert.Equal(["GET"], posted.Content.Headers.Allow);
        using HttpResponseMessage head = await control.SendAsync(HttpMethod.Head, "/v1/status");
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        foreach (string query in (string[])["limit=0", "limit=1001", "limit=x", "sort=name", "colour=red", "limit=1&limit=2", "from=1&sort=traffic"])
        {
            (code, report) = await control.AskAsync("/v1/sessions?" + query);
            Assert.Equal(HttpStatusCode.BadRequest, code);
            Assert.Contains("expected", report.GetProperty("error").GetString(), StringComparison.Ordinal);
        }

        Assert.StartsWith("HTTP/1.1 400 ", await control.SendRawAsync("\0\x1\x2\xff garbage\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 414 ", await control.SendRawAsync($"GET /{new string('x', 3_000)} HTTP/1.1\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 431 ", await control.SendRawAsync($"GET / HTTP/1.1\r\nHost: x\r\nLong: {new string('x', 9_000)}\r\n\r\n"), StringComparison.Ordinal);
        await ThereAsync();
        Assert.Single(program.Lines, line => line.Contains(" relays from ", StringComparison.Ordinal));
    }

    [Fact]
    public void Meanings_are_those_of_the_documents() => Assert.All(
        VerdictMeanings.All,
        verdict => Assert.Contains($"| `{verdict.Key}` | {verdict.Value} |\n", File.ReadAllText(Path.Combine(Repository.Root, "docs/verdicts.md")), StringComparison.Ordinal));

    private async Task ThereAsync() => (await ControlClient.WhenThereAsync(Socket)).Dispose();
}
