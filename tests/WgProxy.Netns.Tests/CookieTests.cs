using System.Diagnostics;
using System.Security.Cryptography;
using WgProxy.Core;
using WgProxy.Core.Protocol;
using WgProxy.Core.Vocabulary;

namespace WgProxy.Netns.Tests;

/// <summary>Cookies as a real client sees them.</summary>
[Trait("Engine", "None")]
public sealed class CookieTests
{
    private const int Port = 51820;

    // WireGuard retries a handshake after 5 s and up to 333 ms.
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    [NetnsTheory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public async Task A_client_heeds_a_cookie_that_was_made_with_the_servers_public_key(AddressFamily family)
    {
        using Topology topology = new();
        Host host = topology.Add("client");
        PublicKey server = WireGuardKey.New().Parse();
        IPAddress local = host.Relay(family);
        Socket socket = topology.Own(topology.Relay.Udp(local, Port));
        WireGuardInterface client = await WireGuardInterface.StartAsync(topology, host, "10.99.0.2");
        client.AddPeer(server.ToString(), "10.99.0.1", new IPEndPoint(local, Port), keepalive: 25);
        CookieSecrets secrets = new(RandomNumberGenerator.GetBytes(CookieSecrets.SecretSize));
        Mac1 mac1 = new(server);

        (byte[] first, Source source) = await InitiationAsync(socket, local, client);
        Assert.True(mac1.Verify(first));
        Assert.False(secrets.VerifyMac2(first, source));
        byte[] cookie = new byte[WireGuard.CookieSize];
        byte[] reply = new byte[WireGuard.CookieReplySize];
        secrets.CookieFor(source, cookie);
        new CookieSealer(server).Write(first, cookie, RandomNumberGenerator.GetBytes(CookieSealer.NonceSize), reply);
        Stopwatch watch = Stopwatch.StartNew();
        await socket.SendToAsync(reply, source.ToEndPoint());

        (byte[] second, Source again) = await InitiationAsync(socket, local, client);
        Measured.Write($"back with mac2 after {watch.Elapsed.TotalSeconds:0.00} s");
        Assert.Equal(source, again);
        Assert.True(mac1.Verify(second));
        Assert.True(secrets.VerifyMac2(second, source));
        Assert.True(watch.Elapsed > Retry - TimeSpan.FromSeconds(1), $"after {watch.Elapsed.TotalSeconds} s, unasked");

        // The cookie outlives one rotation, and is the client's alone.
        CookieSecrets rotated = secrets.RotatedTo(RandomNumberGenerator.GetBytes(CookieSecrets.SecretSize));
        Assert.True(rotated.VerifyMac2(second, source));
        Assert.False(rotated.RotatedTo(new byte[CookieSecrets.SecretSize]).VerifyMac2(second, source));
        Source neighbour = Source.From(new IPEndPoint(source.Address, source.Port ^ 1), local);
        Assert.False(secrets.VerifyMac2(second, neighbour));
    }

    private static async Task<(byte[] Message, Source Source)> InitiationAsync(
        Socket socket, IPAddress local, WireGuardInterface client)
    {
        byte[] buffer = new byte[2048];
        EndPoint any = new IPEndPoint(local.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        await Eventually.TrueAsync(
            () => socket.Available > 0, Patience, () => $"an initiation\n{string.Join('\n', client.Lines)}");
        int length = socket.ReceiveFrom(buffer, ref any);
        Assert.Equal(WireGuard.InitiationSize, length);
        return (buffer[..length], Source.From((IPEndPoint)any, local));
    }
}
