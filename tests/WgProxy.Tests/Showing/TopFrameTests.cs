using WgProxy.Showing;
using WgProxy.Status;

namespace WgProxy.Tests.Showing;

/// <summary>What top writes on a terminal of 80 columns and 24 lines.</summary>
public sealed class TopFrameTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 27, 3, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_busiest_session_is_first_with_what_passed_each_second()
    {
        TopMoment before = Moment(0, Session("192.0.2.1:1", 1_000, 5_000), Session("192.0.2.2:2", 0, 0) with { Peer = "alice-phone" });
        TopMoment now = Moment(2, Session("192.0.2.1:1", 1_000, 5_000), Session("192.0.2.2:2", 250_000, 2_500_000) with { Peer = "alice-phone" });
        string[] lines = [.. TopFrame.Of(before, now, 80, 24)];
        Assert.Equal($"{"alice-phone > home",-36}{"1.00 Mbit/s",14}{"10.00 Mbit/s",14}{"3 s",15}", lines[6]);
        Assert.StartsWith("192.0.2.1:1 > home ", lines[7], StringComparison.Ordinal);
        Assert.Equal("uplink 4.00 kbit/s, 500/s   downlink 8.00 kbit/s, 1000/s", lines[2]);
    }

    [Theory]
    [InlineData(80, 24)]
    [InlineData(40, 10)]
    [InlineData(200, 60)]
    [InlineData(20, 3)]
    public void No_line_is_wider_than_the_terminal_and_none_is_below_it(int width, int height)
    {
        SessionReport[] many = [.. Enumerable.Range(1, 200).Select(i => Session($"[2001:db8:1:2:3:4:5:{i:x}]:51820", i * 1_000_000_000L, i) with { Peer = new string('n', i) })];
        IReadOnlyList<string> lines = TopFrame.Of(Moment(0), Moment(1, many), width, height);
        Assert.InRange(lines.Count, 1, height - 1);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, width - 1));
    }

    [Fact]
    public void A_name_that_would_control_the_terminal_does_not()
    {
        TopMoment now = Moment(1, Session("192.0.2.1:1", 1, 1) with { Peer = "a\x1b[2J\u202eb" });
        Assert.Contains("a\uFFFD[2J\uFFFDb > home", TopFrame.Of(now, now, 80, 24)[6], StringComparison.Ordinal);
    }

    private static TopMoment Moment(int seconds, params SessionReport[] sessions) => new(
        new StatusReport
        {
            Version = "1.0.0",
            Now = Start.AddSeconds(seconds),
            Started = Start.AddHours(-1),
            UptimeSeconds = 3_600 + seconds,
            Listening = ["[::]:51820"],
            Engine = "linux",
            Workers = 1,
            ConfigFile = null,
            LogLevel = 2,
            Servers = 1,
            Limits = new LimitsReport(16_384, 4_096, "--max-mappings", 28_231, null),
            Load = new LoadReport(false, 0, 1_024, 0),
            Warnings = ["server home is silent while clients ask"],
            Mappings = new MappingsReport(sessions.Length, new Dictionary<string, long> { ["Confirmed"] = sessions.Length }),
            Uplink = new TrafficReport(seconds * 500, seconds * 500, 0),
            Downlink = new TrafficReport(seconds * 1_000, seconds * 1_000, 0),
            Faults = new Dictionary<string, long>(),
            Events = new Dictionary<string, long>(),
            Pauses = new PausesReport(0.0001, 0.001, 1, 0),
        },
        new SessionsReport(Start, sessions.Length, null, sessions));

    private static SessionReport Session(string client, long up, long down) => new()
    {
        Client = client,
        LocalAddress = null,
        LocalPort = 51_820,
        Server = "home",
        Peer = null,
        Proof = "Confirmed",
        UpstreamPort = 40_000,
        ServerAddress = "203.0.113.1:51820",
        UplinkBytes = up,
        DownlinkBytes = down,
        LastValid = Start,
        LastValidSeconds = 3,
        Expires = Start,
        ExpiresSeconds = 300,
        IsUnanswered = false,
    };
}
