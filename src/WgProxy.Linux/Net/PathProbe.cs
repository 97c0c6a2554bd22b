using System.Net;

namespace WgProxy.Linux.Net;

/// <summary>
/// The local address from which the kernel would send to a server now. To find it, the probe connects a socket that sends nothing, which
/// takes three system calls. The answer is valid for a second. So the cost depends on the number of servers, and an attacker cannot raise it.
/// </summary>
internal sealed class PathProbe : IDisposable
{
    private const long GoodFor = 1_000;
    private const int Remembered = 8;

    private readonly Answer[] _answers = new Answer[Remembered];
    private readonly UdpSocket?[] _sockets = new UdpSocket?[2];
    private int _next;

    /// <summary>Finds the address; false if there is no path to the server.</summary>
    public bool TryFind(IPEndPoint server, Tick now, out UInt128 local)
    {
        foreach (ref readonly Answer known in _answers.AsSpan())
        {
            if (known.Until > now && server.Equals(known.Server))
            {
                local = known.Local;
                return known.HasPath;
            }
        }

        bool hasPath = Ask(server, out local);
        _answers[_next] = new Answer { Server = server, Until = now + GoodFor, HasPath = hasPath, Local = local };
        _next = (_next + 1) % Remembered;
        return hasPath;
    }

    /// <summary>Forgets all answers, because paths may have changed.</summary>
    public void Forget() => Array.Clear(_answers);

    /// <summary>Closes the sockets.</summary>
    public void Dispose() => Array.ForEach(_sockets, socket => socket?.Dispose());

    private bool Ask(IPEndPoint server, out UInt128 local)
    {
        local = default;
        bool isIPv4 = KernelAddress.IsIPv4(server);
        UdpSocket? socket = _sockets[isIPv4 ? 0 : 1] ??= UdpSocket.Open(isIPv4, out _);
        if (socket is null)
        {
            return false;
        }

        if (socket.Connect(server) != 0)
        {
            // A refused connect to a link-local address has tied the socket to that interface all the same, and on any other the next
            // one would be refused too (EINVAL; Linux 6.18).
            _ = socket.Udp.Disconnect();
            return false;
        }

        // Disconnected at once. It must not hold the port that the kernel lent it, because a mapping may draw that port.
        (local, _) = socket.Udp.Local;
        return socket.Udp.Disconnect() == 0;
    }

    private struct Answer
    {
        public IPEndPoint? Server;
        public UInt128 Local;
        public Tick Until;
        public bool HasPath;
    }
}
