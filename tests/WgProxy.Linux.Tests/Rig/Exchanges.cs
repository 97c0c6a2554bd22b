using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Tests;

namespace WgProxy.Linux.Tests.Rig;

/// <summary>Many clients and a server that send one datagram each in turn and allocate nothing for it, so that whatever is
/// allocated meanwhile is the engine's.</summary>
internal sealed class Exchanges : IDisposable
{
    private const int Length = 1000;

    private readonly Socket _server;
    private readonly Socket[] _clients;
    private readonly SocketAddress[] _upstreams;
    private readonly byte[][] _up;
    private readonly byte[][] _down;
    private readonly byte[] _buffer = new byte[65_536];

    /// <param name="rig">The relay.</param>
    /// <param name="family">The IP version, on either side.</param>
    /// <param name="clients">How many clients.</param>
    /// <param name="ecn">The mark that all they send bears; null if they shall be strangers, who have no tunnel.</param>
    public Exchanges(RelayRig rig, AddressFamily family, int clients, int? ecn = null)
    {
        IPAddress loopback = Peer.Loopback(family);
        _server = NewSocket(loopback, ecn ?? 0);
        _clients = [.. Enumerable.Range(0, clients).Select(_ => NewSocket(loopback, ecn ?? 0))];
        Array.ForEach(_clients, client => client.Connect(rig.At(loopback)));
        _upstreams = [.. _clients.Select(_ => new IPEndPoint(loopback, 0).Serialize())];
        _up = [.. _clients.Select((_, i) => WireMessages.Transport(Server(i), Length))];
        _down = [.. _clients.Select((_, i) => WireMessages.Transport(Client(i), Length))];
        if (ecn is not null)
        {
            rig.Route.Server = (IPEndPoint)_server.LocalEndPoint!;
            for (int i = 0; i < clients; i++)
            {
                _clients[i].Send(WireMessages.Initiation(rig.Route.Mac1, Client(i)));
                Assert.Equal(WireMessages.InitiationLength, _server.ReceiveFrom(_buffer, SocketFlags.None, _upstreams[i]));
                _server.SendTo(WireMessages.Response(Server(i), Client(i)), SocketFlags.None, _upstreams[i]);
                Assert.Equal(WireMessages.ResponseLength, _clients[i].Receive(_buffer));
            }
        }
    }

    /// <summary>A datagram of each client, all of which arrive.</summary>
    public void Up()
    {
        for (int i = 0; i < _clients.Length; i++)
        {
            _clients[i].Send(_up[i]);
        }

        for (int i = 0; i < _clients.Length; i++)
        {
            Assert.True(_server.Receive(_buffer) == Length);
        }
    }

    /// <summary>A datagram for each client, all of which arrive.</summary>
    public void Down()
    {
        for (int i = 0; i < _clients.Length; i++)
        {
            _server.SendTo(_down[i], SocketFlags.None, _upstreams[i]);
        }

        for (int i = 0; i < _clients.Length; i++)
        {
            Assert.True(_clients[i].Receive(_buffer) == Length);
        }
    }

    /// <summary>The same initiation by each client, each of which is answered with a cookie.</summary>
    public void AskForCookies(byte[] initiation)
    {
        for (int i = 0; i < _clients.Length; i++)
        {
            _clients[i].Send(initiation);
        }

        for (int i = 0; i < _clients.Length; i++)
        {
            Assert.True(_clients[i].Receive(_buffer) == WireMessages.CookieReplyLength);
        }
    }

    public void Dispose()
    {
        _server.Dispose();
        Array.ForEach(_clients, client => client.Dispose());
    }

    private static uint Client(int i) => 0xC000_0000 | (uint)i;

    private static uint Server(int i) => 0x5000_0000 | (uint)i;

    private static Socket NewSocket(IPAddress address, int ecn)
    {
        Socket socket = new(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveBufferSize = 4 << 20,
            ReceiveTimeout = 10_000,
        };
        bool isIPv4 = address.AddressFamily == AddressFamily.InterNetwork;
        socket.SetRawSocketOption(isIPv4 ? 0 : 41, isIPv4 ? 1 : 67, BitConverter.GetBytes(ecn)); // IP_TOS, IPV6_TCLASS
        socket.Bind(new IPEndPoint(address, 0));
        return socket;
    }
}
