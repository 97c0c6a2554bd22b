using System.Net;
using WgProxy.Core.Engine;

namespace WgProxy.Linux.Net;

/// <summary>Sockets that are bound and connected before their mappings are restored, so that what the servers send waits in them. Each has
/// the options without which it cannot be bound, and no others.</summary>
internal sealed class HeldSockets
{
    private readonly Dictionary<ushort, Held> _held = [];

    /// <summary>Whether there is none.</summary>
    public bool IsEmpty => _held.Count == 0;

    /// <summary>Keeps a socket that is connected to a server, by its port.</summary>
    public void Add(IPEndPoint server, UpstreamEnd end, UdpDescriptor socket)
    {
        if (!_held.TryAdd(end.Port, new Held(server, end, socket)))
        {
            socket.Close();
        }
    }

    /// <summary>Gives a socket away. One of the same port that is bound or connected otherwise is closed, because it is in the way.</summary>
    public bool TryTake(IPEndPoint server, UpstreamEnd end, out UdpDescriptor socket)
    {
        socket = default;
        if (!_held.Remove(end.Port, out Held held))
        {
            return false;
        }

        socket = held.Socket;
        if (held.Server.Equals(server) && held.End == end)
        {
            return true;
        }

        socket.Close();
        return false;
    }

    /// <summary>Closes all that were not taken.</summary>
    public void Close()
    {
        foreach (Held held in _held.Values)
        {
            held.Socket.Close();
        }

        _held.Clear();
    }

    private readonly record struct Held(IPEndPoint Server, UpstreamEnd End, UdpDescriptor Socket);
}
