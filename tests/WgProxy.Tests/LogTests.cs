using System.Net;
using WgProxy.Hosting;
using WgProxy.Linux;
using WgProxy.Logging;
using WgProxy.Configuration;

namespace WgProxy.Tests;

public sealed class LogTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public void A_line_has_time_level_and_text()
    {
        FakeTime time = new();
        time.Advance(TimeSpan.FromMilliseconds(1_234));
        HeardLog heard = new(time);
        heard.Log.Stopped("x");
        Assert.Equal(["1970-01-01T00:00:01.234Z info stopped: x"], heard.Lines);
    }

    [Fact]
    public void For_the_journal_a_line_has_a_priority_and_no_time()
    {
        HeardLog heard = new(level: LogLevel.Debug, forJournal: true);
        heard.Log.UnknownArgument("a", null);
        heard.Log.VariableIsEmpty(OptionTable.Timeout, "300");
        heard.Log.Stopped("x");
        heard.Log.Changed(LogLevel.Debug, Change(RelayEventKind.Opened));
        Assert.Equal(["<3>u", "<4>W", "<6>s", "<7>c"], heard.Lines.Select(line => line[..4]));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 3)]
    [InlineData(3, 4)]
    public void Each_level_adds_to_the_one_before(int level, int lines)
    {
        HeardLog heard = new(level: (LogLevel)level);
        heard.Log.UnknownArgument("a", null);
        heard.Log.VariableIsEmpty(OptionTable.Timeout, "300");
        heard.Log.Stopped("x");
        heard.Log.Changed(LogLevel.Debug, Change(RelayEventKind.Opened));
        Assert.Equal(lines, heard.Lines.Length);
    }

    [Fact]
    public void What_the_operator_asks_for_is_said_at_every_level()
    {
        HeardLog heard = new(level: LogLevel.Error);
        heard.Log.Status("x");
        Assert.EndsWith(" info status: x", Assert.Single(heard.Lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\nb", "a\\u{A}b")]
    [InlineData("a\r\0\u001b[31m", "a\\u{D}\\u{0}\\u{1B}[31m")]
    [InlineData("\u0085\u2028\u2029\u202e\u200b", "\\u{85}\\u{2028}\\u{2029}\\u{202E}\\u{200B}")]
    [InlineData("\U0001F600 \u00e9", "\U0001F600 \u00e9")]
    public void No_value_ends_a_line_or_steers_a_terminal(string value, string shown)
    {
        HeardLog heard = new();
        heard.Log.UnknownVariable(value, null);
        Assert.Contains($"warning \"{shown}\" is not a setting", Assert.Single(heard.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Half_a_character_is_replaced_and_a_long_value_cut()
    {
        HeardLog heard = new();
        heard.Log.UnknownVariable("\ud800", null);
        heard.Log.UnknownVariable(new string('x', 100_000), null);
        Assert.Contains("\"\ufffd\"", heard.Lines[0], StringComparison.Ordinal);
        Assert.InRange(heard.Lines[1].Length, 200, 400);
    }

    [Fact]
    public void A_flood_of_clients_that_the_server_did_not_accept_is_said_only_at_the_debug_level()
    {
        RelayEventKind[] life = [RelayEventKind.Opened, RelayEventKind.Answered, RelayEventKind.Lingered,
            RelayEventKind.Revived, RelayEventKind.Expired, RelayEventKind.Opened, RelayEventKind.Evicted];
        HeardLog info = new();
        HeardLog debug = new(level: LogLevel.Debug);
        Play(info, life);
        Play(debug, life);
        Assert.Empty(info.Lines);
        Assert.Equal(life.Length, debug.Lines.Length);
    }

    [Fact]
    public void A_client_that_the_server_accepted_is_named_with_its_upstream_port()
    {
        HeardLog heard = new();
        Play(
            heard,
            RelayEventKind.Opened,
            RelayEventKind.Answered,
            RelayEventKind.Established,
            RelayEventKind.Confirmed,
            RelayEventKind.Lingered,
            RelayEventKind.Revived,
            RelayEventKind.Lingered,
            RelayEventKind.Expired,
            RelayEventKind.Opened,
            RelayEventKind.Expired);
        Assert.Equal(5, heard.Lines.Length);
        Assert.EndsWith(
            " info client 192.0.2.9:1000 has a tunnel, upstream port 40000", heard.Lines[0], StringComparison.Ordinal);
        Assert.All(heard.Lines, line =>
            Assert.Matches("client 192\\.0\\.2\\.9:1000 .*, upstream port 40000$", line));
    }

    [Fact]
    public void Where_there_are_several_servers_a_client_is_said_with_its_server()
    {
        HeardLog heard = new();
        heard.Log.NameOf = route => $"home-{route}";
        Play(heard, RelayEventKind.Opened, RelayEventKind.Established);
        Assert.EndsWith(" has a tunnel, upstream port 40000, server home-0.1", Assert.Single(heard.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void An_accepted_client_that_comes_and_goes_does_not_fill_the_log()
    {
        FakeTime time = new();
        HeardLog heard = new(time);
        RelayEventKind[] life = [RelayEventKind.Opened, RelayEventKind.Established, RelayEventKind.Evicted];
        for (int second = 0; second < 100; second++)
        {
            Play(heard, [.. Enumerable.Repeat(life, 50).SelectMany(kinds => kinds)]);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(heard.Lines.Length, 1_000 + (99 * 20), 1_000 + (99 * 20) + 1);
        Assert.EndsWith("(80 more since last said)", heard.Lines[^20], StringComparison.Ordinal);

        HeardLog all = new(time, LogLevel.Debug);
        Play(all, [.. Enumerable.Repeat(life, 1_000).SelectMany(kinds => kinds)]);
        Assert.Equal(3_000, all.Lines.Length);
    }

    [Fact]
    public void A_refusal_that_repeats_is_said_once_a_minute_with_the_number_withheld()
    {
        FakeTime time = new();
        HeardLog heard = new(time);
        for (int second = 0; second <= 60; second++)
        {
            Play(heard, RelayEventKind.OpenFailed, RelayEventKind.OpenFailed);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(2, heard.Lines.Length);
        Assert.Contains(" warning client 192.0.2.9:1000 cannot be served", heard.Lines[0], StringComparison.Ordinal);
        Assert.DoesNotContain("more since", heard.Lines[0], StringComparison.Ordinal);
        Assert.EndsWith("(119 more since last said)", heard.Lines[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, 0, " cannot be served: the system gave no upstream socket to 192.0.2.1:51820: no local port is free")]
    [InlineData("connect", 101, ": connect: Network is unreachable (errno 101); this host has no route there")]
    [InlineData("socket", 24, ": socket: Too many open files (errno 24); raise the limit on open files (ulimit -n, LimitNOFILE=)")]
    public void A_refused_socket_is_said_with_call_error_and_server(string? call, int error, string said)
    {
        HeardLog heard = new();
        heard.Log.OpenFailed(Change(RelayEventKind.OpenFailed) with
        {
            Refusal = new OpenRefusal(call, error, new IPEndPoint(IPAddress.Parse("192.0.2.1"), 51820)),
        });
        Assert.Contains(said, Assert.Single(heard.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reader_that_does_not_read_makes_nobody_wait_and_what_was_dropped_is_counted()
    {
        using BlockedWriter output = new();
        Log log = new(output, forJournal: false, TimeProvider.System) { Level = LogLevel.Debug };
        log.BeginQueue();
        const int Lines = LogQueue.Capacity * 2;
        log.Stopped("first");
        Assert.True(output.Reached.Wait(Patience, TestContext.Current.CancellationToken));
        for (int line = 0; line < Lines; line++)
        {
            log.Changed(LogLevel.Info, Change(RelayEventKind.Established));
        }

        output.Release();
        await log.DisposeAsync();
        string[] heard = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(LogQueue.Capacity + 2, heard.Length);
        Assert.EndsWith(
            $" warning {Lines - LogQueue.Capacity} log lines dropped", heard[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reader_that_never_reads_does_not_keep_the_program_from_ending()
    {
        using BlockedWriter output = new();
        Log log = new(output, forJournal: false, TimeProvider.System);
        log.BeginQueue();
        log.Stopped("first");
        await log.DisposeAsync().AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Empty(output.ToString());
        output.Release();
    }

    [Fact]
    public void A_full_disk_is_no_reason_to_end()
    {
        using FailingWriter output = new();
        Log log = new(output, forJournal: false, TimeProvider.System);
        log.Stopped("x");
        Assert.Equal(1, output.Attempts);
    }

    // The last slot there is: a relay has more slots than mappings.
    private static readonly RelaySettings Settings = new() { MaxMappings = 2 };

    private static void Play(HeardLog heard, params RelayEventKind[] life)
    {
        RelayObserver observer = new(heard.Log, Settings, _ => { });
        foreach (RelayEventKind kind in life)
        {
            observer.Observe(Change(kind));
        }
    }

    private static RelayEvent Change(RelayEventKind kind) =>
        new(kind, Settings.Slots - 1, Source.From(new IPEndPoint(IPAddress.Parse("192.0.2.9"), 1000)), new RouteId(0, 1), 40_000, ServerUsedPort: false);

    private sealed class BlockedWriter : StringWriter
    {
        private readonly ManualResetEventSlim _released = new();

        public ManualResetEventSlim Reached { get; } = new();

        public void Release() => _released.Set();

        public override void Write(string? value)
        {
            Reached.Set();
            _released.Wait();
            base.Write(value);
        }
    }

    private sealed class FailingWriter : StringWriter
    {
        public int Attempts { get; private set; }

        public override void Write(string? value)
        {
            Attempts++;
            throw new IOException("no space left");
        }
    }
}
