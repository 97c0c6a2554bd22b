using System.Globalization;
using System.Text.RegularExpressions;
using WgProxy.Netns.Tests.Harness;

namespace WgProxy.Netns.Tests;

/// <summary>The account of a peer, beside what WireGuard's own interfaces have counted.</summary>
public sealed partial class UsageTests
{
    private const int InitiationLength = 148;
    private const int ResponseLength = 92;

    [NetnsFact]
    public Task A_peers_account_is_what_the_relay_and_both_ends_have_counted() => BestOf.ThreeAsync(OnceAsync);

    private static async Task OnceAsync()
    {
        using Tunnel tunnel = await Tunnel.StartAsync(lines: "[Peer]\nName = alice\nPublicKey = CLIENT");
        await tunnel.ConnectAsync();
        Transfer transfer = await Transfer.StartAsync(tunnel.Topology, tunnel.Client, tunnel.Server, seconds: 2, megabits: 20);
        _ = await transfer.EndAsync();
        RelayStatus status = await tunnel.Relay.StatusAsync();
        string line = tunnel.Relay.Lines.Last(line => line.Contains(" status of peer alice: ", StringComparison.Ordinal));
        (long up, long down) = (BytesOf(line, "uplink"), BytesOf(line, "downlink"));
        Measured.Write($"{line}\n{status}");

        // An account begins with what proves the tunnel, which is behind the first handshake.
        Assert.Contains("handshakes 1;", line, StringComparison.Ordinal);
        Assert.Equal((InitiationLength, ResponseLength), (BytesOf(status.Line, "uplink") - up, BytesOf(status.Line, "downlink") - down));

        // 20 Mbit/s for two seconds, with the headers of TCP, IP and WireGuard. Each end has received what the relay has forwarded
        // to it, but for what wireguard-go's own buffers lose.
        Assert.InRange(up, 5_000_000, 6_500_000);
        PeerState atServer = tunnel.Server.Peer(tunnel.Client);
        PeerState atClient = tunnel.Client.Peer(tunnel.Server);
        Assert.InRange(atServer.Received, 0.8 * (up + InitiationLength), up + InitiationLength);
        Assert.InRange(atClient.Received, 0.8 * (down + ResponseLength), down + ResponseLength);
    }

    private static long BytesOf(string line, string way) =>
        long.Parse(Bytes().Matches(line).Single(match => string.Equals(match.Groups["way"].Value, way, StringComparison.Ordinal)).Groups["bytes"].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex("(?<way>uplink|downlink) [0-9]+ datagrams (?<bytes>[0-9]+) bytes", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Bytes();
}
