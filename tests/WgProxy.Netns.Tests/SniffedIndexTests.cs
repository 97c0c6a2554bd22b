using WgProxy.Tests;

namespace WgProxy.Netns.Tests;

/// <summary>Whoever sees a client's packets pass knows its live index, and can send data with it. The server knows
/// better, and nothing moves.</summary>
[Collection(Loud.Name)]
public sealed class SniffedIndexTests
{
    private const string ToRelay = "udp dst port 51820";

    [NetnsFact]
    public Task Captured_data_replayed_a_thousand_times_a_second_takes_nothing_from_its_client() =>
        BestOf.ThreeAsync(() => Captured_data_replayed_a_thousand_times_a_second_takes_nothing_from_its_client_once());

    private async Task Captured_data_replayed_a_thousand_times_a_second_takes_nothing_from_its_client_once()
    {
        const int seconds = 10;
        const int perSecond = 1000;
        using Tunnel tunnel = await Tunnel.StartAsync();
        using Capture capture = await Capture.StartAsync(tunnel.Client.Host, ToRelay);
        await tunnel.ConnectAsync();
        IPEndPoint? endpoint = tunnel.Server.Peer(tunnel.Client).Endpoint;
        Host stranger = tunnel.Stranger;
        Socket[] sockets = [.. Enumerable.Range(0, 8).Select(number => tunnel.Topology.Own(Connect(stranger, number)))];
        byte[][] data = Data(capture);
        Assert.NotEmpty(data);

        using ProbeStream stream = new(tunnel.Client, tunnel.Responder, perSecond: 10);
        RelayStatus before = await tunnel.Relay.StatusAsync();
        using Pace replay = new(perSecond, number =>
        {
            byte[][] captured = Volatile.Read(ref data);
            sockets[number % sockets.Length].Send(captured[number % captured.Length]);
        });
        List<RelayStatus> seen = [];
        using PeriodicTimer second = new(TimeSpan.FromSeconds(1));
        while (seen.Count < seconds)
        {
            await second.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            seen.Add(await tunnel.Relay.StatusAsync());
            Volatile.Write(ref data, Data(capture));
        }

        await replay.StopAsync();
        ProbeAccount account = await stream.StopAsync();
        RelayStatus after = await tunnel.Relay.StatusAsync();
        Measured.Write($"{replay.Done} replayed; {account}; {after}");
        account.AssertNoneLost(atLeast: seconds * 9);
        AssertOnlyClaims([.. seen, after], tunnel);
        Assert.Equal(endpoint, tunnel.Server.Peer(tunnel.Client).Endpoint);
        Assert.All(sockets, socket => Assert.Equal(0, socket.Available));

        // Four of eight sources became claims, and their data passed: the server did see it, and kept silent.
        Assert.True(replay.Done >= perSecond * seconds * 0.8, $"{replay.Done}");
        Assert.Equal(4, after.Mappings["Claimed"]);
        Assert.InRange(after.Uplink.Passed - before.Uplink.Passed, (replay.Done * 4 / 10) + account.Sent, (replay.Done * 6 / 10) + account.Sent);
        await tunnel.Relay.StopAsync();
    }

    // Sniffed once, or all the time: then the attacker also delivers what the relay refused from the client itself, as
    // anybody may who sits on the path, and the server follows him until the client asks.
    [NetnsTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ten_thousand_sources_with_a_sniffed_index_hold_nothing_and_the_client_finds_its_way(bool always)
    {
        const int sources = 10_000;
        const int perSecond = 2_000;
        const long growthKiB = 4 * 1024;
        using Tunnel tunnel = await Tunnel.StartAsync();
        using Capture capture = await Capture.StartAsync(tunnel.Client.Host, ToRelay);
        await tunnel.ConnectAsync();
        Attackers.LetForgedIn(tunnel.Topology, tunnel.Stranger);
        Paths paths = new(tunnel.Client.Host, Tunnel.Port, others: 1);
        using ForgedSender forged = new(
            tunnel.Stranger, new IPEndPoint(tunnel.Stranger.Relay(AddressFamily.InterNetwork), Tunnel.Port));
        byte[][] data = Data(capture);
        Assert.NotEmpty(data);

        using ProbeStream stream = new(tunnel.Client, tunnel.Responder, perSecond: 10);
        int files = tunnel.Relay.Sockets;
        long memory = await WarmUpAsync(tunnel, forged, sources);
        using Pace flood = new(perSecond, number =>
        {
            byte[][] captured = Volatile.Read(ref data);
            forged.Send(Forged((int)(number % sources)), captured[^1]);
        });
        RelayStatus held = await DroppedAsync(tunnel, "ClaimRefused", sources);
        AssertOnlyClaims([held], tunnel);
        Assert.Equal(4, held.Mappings["Claimed"]);
        // One more asks the kernel about paths, from the first time that a client seems to go unanswered.
        Assert.InRange(tunnel.Relay.Sockets, files + 4, files + 5);

        // The attacker holds every claim there may be, and goes on.
        TimeSpan moved = stream.Elapsed;
        IPAddress to = paths.Move(0);
        int arrived = stream.Arrived;
        TimeSpan taken = await Eventually.TrueAsync(
            () =>
            {
                Volatile.Write(ref data, always ? Data(capture) : data);
                return stream.Arrived >= arrived + 20;
            },
            TimeSpan.FromSeconds(30),
            () => $"echoes at {to}; {tunnel.Relay.Status()}");
        await flood.StopAsync();
        ProbeAccount account = await stream.StopAsync();
        RelayStatus after = await tunnel.Relay.StatusAsync();
        long grown = tunnel.Relay.ResidentKiB - memory;
        string report = $"{(always ? "sniffed always" : "sniffed once")}: {flood.Done} forged; back after {account.LongestSilence.TotalSeconds:0.0} s; resident {memory} KiB, grew by "
            + $"{grown} KiB; sockets {files}, then {tunnel.Relay.Sockets}; {after}";
        Measured.Write(report);
        Assert.Equal(0, account.LostBetween(TimeSpan.Zero, moved - TimeSpan.FromSeconds(0.2)));
        Assert.True(account.LongestSilence < TimeSpan.FromSeconds(20), report);
        Assert.True(taken < TimeSpan.FromSeconds(25), report);
        Assert.True(grown < growthKiB, report);

        // The client's new one, and four claims on each tunnel whose index the attacker knows.
        Assert.InRange(tunnel.Relay.Sockets, files, files + 2 + (always ? 8 : 4));
        Assert.True(always || (after.Mappings["Confirmed"] == 2 && after.Mappings["Claimed"] == 4 && after.Live == 6), report);
        await tunnel.Relay.StopAsync();
    }

    // The same flood with an index that nobody issued: what the runtime takes to get going is not the claims' doing.
    private static async Task<long> WarmUpAsync(Tunnel tunnel, ForgedSender forged, int sources)
    {
        const int perSecond = 20_000;
        const int datagrams = 100_000;
        byte[] unknown = WireMessages.Transport(0, 128);
        using Pace flood = new(perSecond, number => forged.Send(Forged((int)(number % sources)), unknown));
        await DroppedAsync(tunnel, "NoMapping", datagrams);
        await flood.StopAsync();
        return tunnel.Relay.ResidentKiB;
    }

    private static async Task<RelayStatus> DroppedAsync(Tunnel tunnel, string verdict, int datagrams)
    {
        RelayStatus status = await tunnel.Relay.StatusAsync();
        await Eventually.TrueAsync(
            () => (status = tunnel.Relay.Status()).Uplink.Dropped.GetValueOrDefault(verdict) >= datagrams,
            TimeSpan.FromSeconds(30),
            () => $"{datagrams} counted as {verdict}; {status}");
        return status;
    }

    private static byte[][] Data(Capture capture) => [.. capture.All().Where(datagram => datagram.Length > 0 && datagram[0] == 4)];

    // The client's mapping is the only one that the server has shown to be genuine; the log names whoever else were.
    private static void AssertOnlyClaims(RelayStatus[] seen, Tunnel tunnel)
    {
        Assert.All(seen, status => Assert.True(
            status.Mappings["Confirmed"] == 1 && status.Live == 1 + status.Mappings.GetValueOrDefault("Claimed"), status.Line));
        string client = tunnel.Client.Host.Address(AddressFamily.InterNetwork).ToString();
        Assert.All(
            tunnel.Relay.Lines.Where(line => line.Contains(" client ", StringComparison.Ordinal)),
            line => Assert.Contains(client, line, StringComparison.Ordinal));
    }

    private static IPEndPoint Forged(int number) =>
        new(new IPAddress([198, 18, (byte)(number >> 8), (byte)number]), 1024 + (number * 6 % 60_000));

    private static Socket Connect(Host stranger, int number)
    {
        AddressFamily family = number % 2 == 0 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;
        Socket socket = stranger.Space.Udp(stranger.Address(family));
        socket.Connect(new IPEndPoint(stranger.Relay(family), Tunnel.Port));
        return socket;
    }
}
