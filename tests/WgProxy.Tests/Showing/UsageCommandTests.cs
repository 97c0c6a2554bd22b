using System.Globalization;
using System.Net;
using System.Runtime.Versioning;
using System.Text.Json;
using WgProxy.Accounting;
using WgProxy.Tests.Control;

namespace WgProxy.Tests.Showing;

/// <summary>Accounts of days, from a running relay and from what it has left.</summary>
[Trait("Forms", "All")]
[UnsupportedOSPlatform("windows")]
public sealed class UsageCommandTests : IDisposable
{
    private static readonly DateOnly Today = DateOnly.FromDateTime(DateTime.UtcNow);

    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-usage-").FullName;

    private string Socket => Path.Combine(_folder, "control.sock");

    private string State => Path.Combine(_folder, "state");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_running_relay_and_its_directory_tell_the_same_accounts()
    {
        using Farm farm = new(1);
        string file = Write(farm, daysBack: 40);
        string[] week, alice;
        using (RunningProgram program = new(null, "--config", file, "--control", Socket))
        {
            await program.LineAsync(" answers requests on ");
            week = await AskAsync(0, "show", "usage");
            Assert.Equal(["day", "server", "peer", "handshakes", "received", "sent", "last", "seen"], Words(week[0]));

            // A server's own account, and Alice's: seven days of them, today's first.
            Assert.Equal(1 + (2 * 7), week.Length);
            Assert.Equal([Text(Today), "s1", "(all)", "3", "3.00", "KiB", "5.00", "KiB", "-"], Words(week[1]));
            Assert.Equal([Text(Today), "s1", "alice", "1", "1.00", "KiB", "2.00", "KiB", "1970-01-01", "00:00:01Z"], Words(week[2]));
            Assert.Equal(Text(Today.AddDays(-6)), Words(week[^1])[0]);

            alice = await AskAsync(0, "show", "usage", "--peer", "ALICE", "--days", "400", "--sort", "traffic", "--limit", "3");
            Assert.Equal(["sum", "-", "-", "3", "3.00", "KiB", "6.00", "KiB", "1970-01-01", "00:00:01Z"], Words(alice[^1]));
            Assert.Equal(41, (await JsonAsync("show", "usage", "--peer", "alice", "--days", "400", "--json")).GetProperty("accounts").GetArrayLength());
            Assert.Empty((await JsonAsync("show", "usage", "--server", "s2", "--json")).GetProperty("accounts").EnumerateArray());
            Assert.Equal(["wgproxy show: --days is 401: expected 1 to 400"], await AskAsync(2, "show", "usage", "--days", "401"));
            Assert.Equal(["wgproxy show: --sort is colour: expected day, traffic, handshakes, peer"], await AskAsync(2, "show", "usage", "--sort", "colour"));
            using ControlClient control = new(Socket);
            (HttpStatusCode code, JsonElement refused) = await control.AskAsync("/v1/usage?days=0");
            Assert.Equal((HttpStatusCode.BadRequest, "\"days\" is \"0\": expected days=1-400, server=NAME, peer=NAME and to=DAY, such as 2026-11-27, each once"), (code, refused.GetProperty("error").GetString()));
            program.Signal(RunningProgram.Terminate);
            Assert.Equal(0, (await program.ExitAsync()).Code);
        }

        string said = $"wgproxy show: no relay answers on {Socket}: these accounts are from {State}, and end up to a minute before it did";
        Assert.Equal((string[])[.. week, said], await AskAsync(0, "show", "usage", "--config", file));
        Assert.Equal((string[])[.. alice, said], await AskAsync(0, "show", "usage", "--peer", "alice", "--days", "400", "--sort", "traffic", "--limit", "3", "--config", file));

        // Without its file there are no names, and without a directory no accounts.
        Assert.Contains((await AskAsync(0, "show", "usage", "--state-directory", State)), line => line.Contains(Keys.TextOf(70), StringComparison.Ordinal));
        Assert.EndsWith($"; and there are no accounts in {_folder}/none/usage", Assert.Single(await AskAsync(3, "show", "usage", "--state-directory", $"{_folder}/none")), StringComparison.Ordinal);
        Assert.EndsWith("; and it keeps no accounts, because its setting StateDirectory is none", Assert.Single(await AskAsync(3, "show", "usage", "--state-directory", "none")), StringComparison.Ordinal);
    }

    // Days of 3,000 peers: an answer holds one of them, and the command asks for the next.
    [Fact]
    public async Task More_accounts_than_one_answer_holds_come_in_several()
    {
        using Farm farm = new(1);
        string file = Write(farm, daysBack: 2, peers: 3_000);
        using RunningProgram program = new(null, "--config", file, "--control", Socket);
        await program.LineAsync(" answers requests on ");
        using ControlClient control = new(Socket);
        JsonElement first = await control.GetAsync("/v1/usage");
        Assert.Equal((Text(Today.AddDays(-1)), 3_001), (first.GetProperty("next").GetString(), first.GetProperty("accounts").GetArrayLength()));
        Assert.Equal(3 * 3_001, (await JsonAsync("show", "usage", "--json")).GetProperty("accounts").GetArrayLength());
    }

    [Fact]
    public async Task Accounts_are_told_over_TCP_where_sessions_are_and_the_log_nowhere()
    {
        foreach (bool shows in (bool[])[false, true])
        {
            using Farm farm = new(1);
            using RunningProgram program = new(null, "--config", farm.Write(relay: $"Metrics = 127.0.0.1:0\nMetricsSessions = {(shows ? "yes" : "no")}\n"));
            string line = await program.LineAsync("answers requests at ");
            using HttpClient http = new() { BaseAddress = new Uri(line[line.IndexOf("http://", StringComparison.Ordinal)..]) };
            Assert.Equal(shows ? HttpStatusCode.OK : HttpStatusCode.NotFound, await CodeAsync(http, "/v1/usage"));
            Assert.Equal(HttpStatusCode.NotFound, await CodeAsync(http, "/v1/log"));
        }

        static async Task<HttpStatusCode> CodeAsync(HttpClient http, string path)
        {
            using HttpResponseMessage answer = await http.GetAsync(path, TestContext.Current.CancellationToken);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task The_last_lines_of_the_log_are_shown_as_they_were_logged()
    {
        using Farm farm = new(1);
        using RunningProgram program = new(null, "--config", farm.Write(), "--control", Socket, "--log-format", "text");
        await program.LineAsync(" answers requests on ");
        await program.LineAsync(" info server s1 (");
        string[] shown = await AskAsync(0, "show", "log");
        Assert.Equal(program.Lines[..shown.Length], shown);
        Assert.Equal([program.Lines[shown.Length - 1]], await AskAsync(0, "show", "log", "-n", "1"));
        Assert.DoesNotContain(await AskAsync(0, "show", "log", "--level", "1"), each => each.Contains(" info ", StringComparison.Ordinal));
        JsonElement last = (await JsonAsync("show", "log", "--json")).GetProperty("lines").EnumerateArray().First();
        Assert.Equal(("info", "Started"), (last.GetProperty("level").GetString(), last.GetProperty("event").GetString()));
        Assert.Contains("expected level=0-3 and n=1-256, each once", Assert.Single(await AskAsync(3, "show", "log", "--level", "4")), StringComparison.Ordinal);
    }

    private static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Writes the relay's file, and days of accounts as a relay would have.</summary>
    private string Write(Farm farm, int daysBack, int peers = 1)
    {
        HeardLog heard = new();
        _ = Directory.CreateDirectory(State, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        UsageBook book = UsageBook.Open(State, heard.Log);
        for (DateOnly day = Today.AddDays(-daysBack); day <= Today; day = day.AddDays(1))
        {
            book.Add(day, new UsageOwner(Keys.Parse(Keys.TextOf(1)), null), new UsageFigures(3, 2, 2, 3 << 10, 5 << 10, 0));
            for (int peer = 0; peer < peers; peer++)
            {
                book.Add(day, new UsageOwner(Keys.Parse(Keys.TextOf(1)), Keys.Parse(Keys.TextOf(70 + peer))), new UsageFigures(1, 1, 1, 1 << 10, 2 << 10, 1_000));
            }

            book.Write(day);
        }

        Assert.Empty(heard.Lines);
        string file = farm.Write(relay: $"StateDirectory = {State}\n");
        File.AppendAllText(file, $"[Peer]\nName = alice\nPublicKey = {Keys.TextOf(70)}\n");
        return file;
    }

    private async Task<JsonElement> JsonAsync(params string[] typed) => JsonDocument.Parse(string.Concat(await AskAsync(0, typed))).RootElement;

    private async Task<string[]> AskAsync(int code, params string[] typed)
    {
        using RunningProgram program = new(null, [.. typed, "--control", Socket]);
        (int actual, string output, string[] lines) = await program.ExitAsync();
        string[] said = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Concat(lines).Select(line => line.TrimEnd())];
        Assert.True(code == actual, $"exit code {actual}: {string.Join('\n', said)}");
        return said;
    }
}
