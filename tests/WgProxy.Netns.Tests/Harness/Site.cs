using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>One address from which many ports ask a server, again and again. They show the cookies that they are sent, as clients do, but the
/// server does not know them.</summary>
internal sealed class Site : IDisposable
{
    private readonly Tunnel _tunnel;
    private readonly Port[] _ports;
    private readonly CookieSealer _sealer;
    private readonly Pace _pace;
    private uint _index;

    /// <summary>Begins to ask.</summary>
    /// <param name="tunnel">The stage; its stranger asks.</param>
    /// <param name="ports">How many ports ask in turn.</param>
    /// <param name="perSecond">How many initiations a second they send in all.</param>
    public Site(Tunnel tunnel, int ports, int perSecond)
    {
        _tunnel = tunnel;
        _sealer = new CookieSealer(tunnel.Server.Key.Parse());
        IPAddress own = tunnel.Stranger.Address(AddressFamily.InterNetwork);
        _ports = [.. Enumerable.Range(0, ports).Select(_ => new Port(tunnel.Topology.Own(tunnel.Stranger.Space.Udp(own))))];
        _pace = new Pace(perSecond, number => Ask(_ports[number % ports]));
    }

    /// <summary>How many initiations it has sent with a cookie.</summary>
    public long Shown { get; private set; }

    /// <summary>How many it has sent.</summary>
    public long Sent => _pace.Done;

    public void Dispose() => _pace.Dispose();

    private void Ask(Port port)
    {
        byte[] reply = new byte[2_048];
        byte[] cookie = new byte[WireGuard.CookieSize];
        while (port.Socket.Available > 0)
        {
            int length = port.Socket.Receive(reply);
            if (_sealer.TryOpen(reply.AsSpan(0, length), port.Mac1, cookie))
            {
                port.Cookie = [.. cookie];
            }
        }

        byte[] initiation = _tunnel.MintInitiation(++_index);
        if (port.Cookie is not null)
        {
            Blake2s.Mac(port.Cookie, initiation.AsSpan(..^WireGuard.MacSize), initiation.AsSpan(^WireGuard.MacSize..));
            Shown++;
        }

        port.Mac1 = initiation[WireGuard.InitiationMac1Offset..][..WireGuard.MacSize];
        port.Socket.SendTo(initiation, new IPEndPoint(_tunnel.Stranger.Relay(AddressFamily.InterNetwork), Tunnel.Port));
    }

    private sealed class Port(Socket socket)
    {
        public Socket Socket => socket;

        public byte[]? Cookie { get; set; }

        public byte[] Mac1 { get; set; } = new byte[WireGuard.MacSize];
    }
}
