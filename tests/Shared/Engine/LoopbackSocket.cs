using System.Net;
using System.Net.Sockets;

namespace WgProxy.Tests;

/// <summary>One end of what an engine relays: a socket that waits for what comes, and has room for bursts.</summary>
internal static class LoopbackSocket
{
    public static Socket New()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveBufferSize = 4 << 20,
            ReceiveTimeout = 10_000,
        };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }
}
