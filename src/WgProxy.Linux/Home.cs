using WgProxy.Linux.Net;

namespace WgProxy.Linux;

/// <summary>What a socket of a listening group gets; also the order in which the group is bound.</summary>
internal enum Intake
{
    /// <summary>Data that there is nothing to say about: sent to the home address, without a congestion mark. The kernel
    /// is asked for nothing beside its bytes.</summary>
    Plain,

    /// <summary>Whatever begins like an initiation.</summary>
    Initiations,

    /// <summary>All other data. The kernel tells the local address and the mark of each datagram.</summary>
    Told,
}

/// <summary>
/// The local address that plain data of a listening group is sent to: the first that a mapping was opened at, for good.
/// Most relays are reached at one address; so the kernel need not tell it with every datagram, as long as it sorts
/// everything else out. All workers share it.
/// </summary>
/// <param name="steering">How the group is steered.</param>
/// <param name="isAsked">Whether the group listens on several addresses; otherwise nobody needs to be told.</param>
internal sealed class Home(Steering steering, bool isAsked)
{
    private byte[]? _local;

    /// <summary>The address, 4 or 16 bytes; empty while it is unknown or need not be known.</summary>
    public ReadOnlySpan<byte> Local => Volatile.Read(ref _local);

    /// <summary>Steers a group by what is known. By one of its sockets, the first before it is bound.</summary>
    public bool TryAttach(UdpSocket socket) => socket.Udp.TryAttach(steering.ToProgram(socket.IsIPv4, isAsked ? _local : []));

    /// <summary>A mapping was opened at a local address. May be called from any worker's thread.</summary>
    /// <param name="socket">A socket of the group.</param>
    /// <param name="local">The address, 4 or 16 bytes; empty if it was not told.</param>
    public void Learn(UdpSocket socket, ReadOnlySpan<byte> local)
    {
        // A group's address is nobody's home: the kernel gives what is sent to it to every socket, past the program.
        bool isGroup = local.Length == 16 ? local[0] == 0xFF : local.Length == 4 && local[0] >= 224;
        if (Local.IsEmpty && !local.IsEmpty && !isGroup && Interlocked.CompareExchange(ref _local, local.ToArray(), null) is null)
        {
            // Known before any plain socket gets anything. If it is refused, none ever does, and all is told.
            _ = TryAttach(socket);
        }
    }
}
