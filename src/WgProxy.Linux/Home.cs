using WgProxy.Linux.Net;

namespace WgProxy.Linux;

/// <summary>What a socket of a listening group gets; also the order in which the group is bound.</summary>
internal enum Intake
{
    /// <summary>All data that is not plain. The kernel tells the local address and the mark of each datagram. First, because the
    /// program's answer about a datagram without bytes is the group's first socket.</summary>
    Told,

    /// <summary>Whatever begins like an initiation.</summary>
    Initiations,

    /// <summary>Data that there is nothing to say about: sent to the home address, without a congestion mark. The kernel
    /// is asked for nothing beside its bytes.</summary>
    Plain,
}

/// <summary>
/// The local address that plain data of a listening group is sent to: the first that a mapping was opened at.
/// Most relays are reached at one address; so the kernel need not tell it with every datagram, as long as it sorts
/// everything else out. All workers share it.
/// </summary>
/// <param name="steering">How the group is steered.</param>
/// <param name="isAsked">Whether the group listens on several addresses; otherwise nobody needs to be told.</param>
internal sealed class Home(Steering steering, bool isAsked)
{
    private readonly List<UdpSocket> _plain = [];
    private byte[]? _local;

    /// <summary>The address, 4 or 16 bytes; empty while it is unknown or need not be known.</summary>
    public ReadOnlySpan<byte> Local => Volatile.Read(ref _local);

    /// <summary>Steers a group by what is known. By one of its sockets, the first before it is bound.</summary>
    public bool TryAttach(UdpSocket socket) => socket.Udp.TryAttach(steering.ToProgram(socket.IsIPv4, isAsked ? _local : []));

    /// <summary>Adds one of the group's plain sockets, before it is bound. What is sent to a group or by broadcast comes to every
    /// socket, past the program: here it is cut down to nothing, by which it is known (<see cref="Steering.ToFilter"/>).</summary>
    public void Add(UdpSocket plain)
    {
        _plain.Add(plain);
        if (isAsked)
        {
            _ = plain.Udp.TryFilter(Steering.ToFilter(plain.IsIPv4, home: []));
        }
    }

    /// <summary>A mapping was opened at a local address. May be called from any worker's thread.</summary>
    /// <param name="socket">A socket of the group.</param>
    /// <param name="local">The address, 4 or 16 bytes; empty if it was not told.</param>
    public void Learn(UdpSocket socket, ReadOnlySpan<byte> local)
    {
        if (Local.IsEmpty && !local.IsEmpty && Interlocked.CompareExchange(ref _local, local.ToArray(), null) is null)
        {
            // Known before any plain socket gets anything. If it is refused, none ever does, and all is told.
            _ = _plain.TrueForAll(plain => plain.Udp.TryFilter(Steering.ToFilter(plain.IsIPv4, _local))) && TryAttach(socket);
        }
    }
}
