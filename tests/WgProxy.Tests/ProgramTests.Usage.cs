using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using WgProxy.Accounting;

namespace WgProxy.Tests;

// Accounts of peers, kept over a restart.
public sealed partial class ProgramTests
{
    [Fact]
    public async Task A_restart_keeps_the_days_accounts_and_they_are_what_the_relay_has_counted()
    {
        using UdpClient server = new(new IPEndPoint(IPAddress.Loopback, 0));
        string state = Directory.CreateTempSubdirectory("wgproxy-usage-").FullName;
        string file = Path.Combine(state, "wgproxy.conf");
        await File.WriteAllTextAsync(
            file,
            $"[Relay]\nListen = 127.0.0.1:0\nStateDirectory = {state}\n[Server]\nEndpoint = {server.Client.LocalEndPoint}\nPublicKey = {Keys.Text}\n"
            + $"[Peer]\nName = alice-phone\nPublicKey = {Keys.TextOf(70)}\nRate = 50mbit\n",
            TestContext.Current.CancellationToken);
        try
        {
            (long up, long down) = (0, 0);
            for (uint run = 1; run <= 2; run++)
            {
                using RunningProgram program = new(null, "--config", file);
                await TalkAsync(program, server, run, 1_000 * (int)run);
                program.Signal(RunningProgram.User1);
                string line = await program.LineAsync("status of peer alice-phone: ");
                Assert.Contains($"handshakes 1; uplink 2 datagrams {32 + (1_000 * run)} bytes; downlink 1 datagrams 500 bytes; last packet at 20", line, StringComparison.Ordinal);
                program.Signal(RunningProgram.Terminate);
                (int code, _, string[] lines) = await program.ExitAsync();
                Assert.Equal(0, code);
                Assert.Contains(lines, each => each.Contains(" stopped: peer alice-phone: handshakes 1; ", StringComparison.Ordinal));
                up += BytesOf(lines[^1], "uplink");
                down += BytesOf(lines[^1], "downlink");
            }

            HeardLog heard = new();
            IReadOnlyList<UsageOfDay> days = UsageBook.Open(state, heard.Log).Days(DateOnly.MinValue, DateOnly.MaxValue);
            Assert.Equal((up, down, 2), Sum(days, hasPeer: false));
            Assert.Equal((64 + 3_000, 1_000, 2), Sum(days, hasPeer: true));
            Assert.InRange(days.Count, 2, 4);
            Assert.Empty(heard.Lines);
        }
        finally
        {
            Directory.Delete(state, recursive: true);
        }

        static (long Up, long Down, long Handshakes) Sum(IReadOnlyList<UsageOfDay> days, bool hasPeer)
        {
            UsageFigures[] figures = [.. days.Where(day => (day.Owner.Peer is not null) == hasPeer).Select(day => day.Figures)];
            return (figures.Sum(each => each.UplinkBytes), figures.Sum(each => each.DownlinkBytes), figures.Sum(each => each.Handshakes));
        }
    }

    /// <summary>Alice asks, uses the answer, sends so many bytes, and is sent 500.</summary>
    private static async Task TalkAsync(RunningProgram program, UdpClient server, uint run, int bytes)
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        IPEndPoint relay = await program.ListeningAsync();
        await program.LineAsync(" info server ");
        using UdpClient alice = new(new IPEndPoint(IPAddress.Loopback, 0));
        await AskAsync(alice, relay, server, key: 70, 0x10 * run);
        _ = await alice.ReceiveAsync(stop);
        await alice.SendAsync(WireMessages.Transport((0x10 * run) + 1), relay, stop);
        await alice.SendAsync(WireMessages.Transport((0x10 * run) + 1, bytes), relay, stop);
        UdpReceiveResult heard;
        do
        {
            heard = await server.ReceiveAsync(stop);
        }
        while (heard.Buffer.Length != bytes);
        await server.SendAsync(WireMessages.Transport(0x10 * run, 500), heard.RemoteEndPoint, stop);
        _ = await alice.ReceiveAsync(stop);
    }

    private static long BytesOf(string line, string way) =>
        long.Parse(Regex.Match(line, $"; {way} [0-9]+ datagrams (?<bytes>[0-9]+) bytes", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)).Groups["bytes"].Value, CultureInfo.InvariantCulture);
}
