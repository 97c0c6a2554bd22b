using System.Net;
using WgProxy.Core.Engine;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Net;

/// <summary>
/// The local address from which the kernel would send to a server now. To find it, the probe connects a socket that sends nothing, which
/// takes three system calls. The answer is valid for a second. So the cost depends on the number of servers, and of source addresses if the
/// operator gave some, and an attacker cannot raise it.
/// </summary>
/// <param name="door">How upstream sockets are made.</param>
internal sealed class PathProbe(UpstreamDoor door) : IDisposable
{
    private const long GoodFor = 1_000;
    private const int Remembered = 8;

    private readonly Answer[] _answers = new Answer[Remembered];
    private readonly UdpDescriptor?[] _sockets = new UdpDescriptor?[2];
    private int _next;

    /// <summary>Finds the address; false if there is no path to the server.</summary>
    /// <param name="server">The server.</param>
    /// <param name="bound">The address that the mapping's socket is bound to; zero if the kernel chose it.</param>
    /// <param name="now">The instant.</param>
    /// <param name="local">The address; zero if this host does not have the bound address any more.</param>
    public bool TryFind(IPEndPoint server, UpstreamEnd bound, Tick now, out UInt128 local)
    {
        foreach (ref readonly Answer known in _answers.AsSpan())
        {
            if (known.Until > now && known.Bound == bound.Address && server.Equals(known.Server))
            {
                local = known.Local;
                return known.HasPath;
            }
        }

        bool hasPath = bound.Address == 0 && door.DeviceName.IsEmpty ? Ask(server, out local) : AskAnew(bound, server, out local);
        _answers[_next] = new Answer { Server = server, Bound = bound.Address, Until = now + GoodFor, HasPath = hasPath, Local = local };
        _next = (_next + 1) % Remembered;
        return hasPath;
    }

    /// <summary>Forgets all answers, because paths may have changed.</summary>
    public void Forget() => Array.Clear(_answers);

    /// <summary>Closes the sockets.</summary>
    public void Dispose()
    {
        foreach (ref UdpDescriptor? socket in _sockets.AsSpan())
        {
            socket?.Close();
            socket = null;
        }
    }

    private bool Ask(IPEndPoint server, out UInt128 local)
    {
        local = default;
        bool isIPv4 = KernelAddress.IsIPv4(server);
        if (IsUnused(server))
        {
            return false;
        }

        ref UdpDescriptor? kept = ref _sockets[isIPv4 ? 0 : 1];
        if (kept is not UdpDescriptor socket)
        {
            if (!door.TryOpen(server, out socket, out _))
            {
                return false;
            }

            kept = socket;
        }

        if (socket.Connect(server) != 0)
        {
            // A refused connect to a link-local address has tied the socket to that interface all the same, and on any other the next
            // one would be refused too (EINVAL; Linux 6.18).
            _ = socket.Disconnect();
            return false;
        }

        // Disconnected at once. It must not hold the port that the kernel lent it, because a mapping may draw that port.
        (local, _) = socket.Local;
        return socket.Disconnect() == 0;
    }

    // A socket that was bound to an address keeps it, and one that is disconnected loses its interface. So each question needs a socket.
    private bool AskAnew(UpstreamEnd bound, IPEndPoint server, out UInt128 local)
    {
        local = default;
        if (IsUnused(server) || !door.TryOpen(server, out UdpDescriptor socket, out _))
        {
            return false;
        }

        int error = socket.Bind(bound with { Port = 0 });
        bool hasPath = error == EADDRNOTAVAIL;
        if (error == 0 && socket.Connect(server) == 0)
        {
            hasPath = true;
            (local, _) = socket.Local;
        }

        socket.Close();
        return hasPath;
    }

    // The operator gave source addresses, and none of this IP version.
    private bool IsUnused(IPEndPoint server) => !door.Addresses.IsEmpty && !door.Addresses.Has(KernelAddress.IsIPv4(server));

    private struct Answer
    {
        public IPEndPoint? Server;
        public UInt128 Bound;
        public UInt128 Local;
        public Tick Until;
        public bool HasPath;
    }
}
