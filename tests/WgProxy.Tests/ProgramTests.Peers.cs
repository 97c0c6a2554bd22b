using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Protocol;

namespace WgProxy.Tests;

// Clients with names, by a configuration file.
public sealed partial class ProgramTests
{
    [Fact]
    public async Task A_peers_name_is_in_the_lines_of_its_tunnel_and_a_stranger_is_not_answered()
    {
        using UdpClient server = new(new IPEndPoint(IPAddress.Loopback, 0));
        string file = Path.Combine(Path.GetTempPath(), $"wgproxy-peers-{Guid.NewGuid():N}.conf");
        void Write(params (string Name, int Key)[] peers) => File.WriteAllText(
            file,
            $"[Relay]\nListen = 127.0.0.1:0\n[Server]\nEndpoint = {server.Client.LocalEndPoint}\nPublicKey = {Keys.Text}\nPeersOnly = yes\n"
            + string.Concat(peers.Select(peer => $"[Peer]\nName = {peer.Name}\nPublicKey = {Keys.TextOf(peer.Key)}\n")));
        try
        {
            Write(("alice-phone", 70), ("bob", 71));
            using RunningProgram program = new(null, "--config", file);
            IPEndPoint relay = await program.ListeningAsync();
            await program.LineAsync(" info server ");
            using UdpClient alice = new(new IPEndPoint(IPAddress.Loopback, 0));
            using UdpClient stranger = new(new IPEndPoint(IPAddress.Loopback, 0));
            await AskAsync(stranger, relay, server, key: 72, 0x10);
            await AskAsync(alice, relay, server, key: 70, 0x20);
            _ = await alice.ReceiveAsync(TestContext.Current.CancellationToken);
            await alice.SendAsync(WireMessages.Transport(0x21), relay, TestContext.Current.CancellationToken);
            Assert.Contains($" info client {alice.Client.LocalEndPoint} (alice-phone) has a tunnel", await program.LineAsync("has a tunnel"), StringComparison.Ordinal);
            Assert.Equal(0, stranger.Available);

            // She has another name, and bob none: nobody else notices.
            Write(("alice-tablet", 70));
            program.Signal(RunningProgram.HangUp);
            await program.LineAsync("was read again: changed");
            Write(("carol", 72));
            program.Signal(RunningProgram.HangUp);
            Assert.Contains($"{alice.Client.LocalEndPoint}", await program.LineAsync("has ended: it is none of its server's peers"), StringComparison.Ordinal);
            await AskAsync(stranger, relay, server, key: 72, 0x30);
            _ = await stranger.ReceiveAsync(TestContext.Current.CancellationToken);
            await stranger.SendAsync(WireMessages.Transport(0x31), relay, TestContext.Current.CancellationToken);
            await program.LineAsync(" (carol) has a tunnel");
            program.Signal(RunningProgram.Terminate);
            (int code, _, string[] lines) = await program.ExitAsync();
            Assert.Equal(0, code);
            Assert.Contains("NotAPeer 1", lines[^1], StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>A client asks, and the server answers it as the one who has this key.</summary>
    private static async Task AskAsync(UdpClient client, IPEndPoint relay, UdpClient server, int key, uint index)
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        await client.SendAsync(WireMessages.Initiation(new Mac1(Keys.Parse(Keys.Text)), index), relay, stop);
        UdpReceiveResult asked;
        do
        {
            asked = await server.ReceiveAsync(stop);
        }
        while (asked.Buffer.Length != WireMessages.InitiationLength);
        await server.SendAsync(WireMessages.Response(index + 1, WireMessages.Sender(asked.Buffer), new Mac1(Keys.Parse(Keys.TextOf(key)))), asked.RemoteEndPoint, stop);
    }
}
