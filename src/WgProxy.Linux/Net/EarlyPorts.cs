using System.Net;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;

namespace WgProxy.Linux.Net;

/// <summary>
/// Upstream sockets that are bound before this host has their address: those of mappings that another relay has now, and this one may take
/// over. What a bound socket costs is paid then, and no other program of this host gets the port. An IPv6 socket is connected too. The
/// kernel refuses that for IPv4 until the address is here (Linux 6.18: ENETUNREACH), so such a socket is connected when it is taken, and what came before is discarded:
/// any host could send it. Nothing is read. Any thread may call.
/// </summary>
internal sealed class EarlyPorts
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ushort, Bound> _bound = [];
    private readonly UpstreamDoor _door;
    private readonly HashSet<int> _listening;
    private readonly int _most;
    private volatile bool _isClosed;

    /// <summary>None yet.</summary>
    /// <param name="binding">What upstream sockets are bound to: only addresses that are listed there are bound.</param>
    /// <param name="listening">Ports that are listened on.</param>
    /// <param name="most">How many sockets at most.</param>
    public EarlyPorts(UpstreamBinding binding, IEnumerable<int> listening, int most) => (_door, _listening, _most) = (new UpstreamDoor(binding), [.. listening], most);

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _bound.Count;
            }
        }
    }

    /// <summary>Whether none is given away any more.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>Binds the socket of a record, if it is not bound already. Whether it is bound now.</summary>
    public bool Bind(in MappingRecord record)
    {
        if (record.Server is not IPEndPoint server || record.UpstreamPort == 0 || _listening.Contains(record.UpstreamPort)
            || !_door.Addresses.TryFind(record.UpstreamLocal, out UpstreamEnd end) || end.IsIPv4 != KernelAddress.IsIPv4(server))
        {
            return false;
        }

        lock (_lock)
        {
            end = end with { Port = record.UpstreamPort };
            if (_bound.TryGetValue(end.Port, out Bound? known))
            {
                if (known.End == end && (known.Server is null || known.Server.Equals(server)))
                {
                    return true;
                }

                Close(known);
            }

            if (_isClosed || _bound.Count >= _most || !TryBind(server, end, out Bound? bound))
            {
                return false;
            }

            _bound.Add(end.Port, bound!);
            return true;
        }
    }

    /// <summary>The mapping of a port has ended.</summary>
    public void Release(ushort port)
    {
        lock (_lock)
        {
            if (_bound.TryGetValue(port, out Bound? bound))
            {
                Close(bound);
            }
        }
    }

    /// <summary>Gives a socket away, connected. If that cannot be, one of the same port is closed, because it is in the way.</summary>
    public bool TryTake(IPEndPoint server, UpstreamEnd end, out UdpDescriptor socket)
    {
        socket = default;
        if (_isClosed)
        {
            return false;
        }

        lock (_lock)
        {
            if (!_bound.Remove(end.Port, out Bound? bound))
            {
                return false;
            }

            socket = bound.Socket;
            bool isConnected = bound.End == end && (server.Equals(bound.Server) || (bound.Server is null && TryConnect(server, socket)));
            if (!isConnected)
            {
                socket.Close();
            }

            return isConnected;
        }
    }

    /// <summary>Closes all that were not taken. None is bound from now on.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            foreach (Bound bound in _bound.Values)
            {
                bound.Socket.Close();
            }

            _bound.Clear();
        }
    }

    private bool TryBind(IPEndPoint server, UpstreamEnd end, out Bound? bound)
    {
        bound = null;
        if (!_door.TryOpen(server, out UdpDescriptor socket, out _))
        {
            return false;
        }

        if (!socket.TryFree(true) || socket.Bind(end) != 0)
        {
            socket.Close();
            return false;
        }

        bool isConnected = !end.IsIPv4 && socket.Connect(server) == 0;
        bound = new Bound(end, isConnected ? server : null, socket);
        return true;
    }

    private static bool TryConnect(IPEndPoint server, UdpDescriptor socket)
    {
        if (socket.Connect(server) != 0)
        {
            return false;
        }

        socket.Discard();
        return true;
    }

    private void Close(Bound bound)
    {
        _ = _bound.Remove(bound.End.Port);
        bound.Socket.Close();
    }

    private sealed record Bound(UpstreamEnd End, IPEndPoint? Server, UdpDescriptor Socket);
}
