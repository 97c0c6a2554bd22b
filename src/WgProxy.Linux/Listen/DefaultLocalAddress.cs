using WgProxy.Linux.Net;

namespace WgProxy.Linux.Listen;

/// <summary>
/// The local address that plain data of a listening group is sent to: the first that a mapping was opened at, until nothing is
/// sent there any more. Most relays are reached at one address; so the kernel need not tell it with every datagram, as long as it
/// sorts everything else out. All workers share it.
/// </summary>
/// <param name="steering">How the group is steered.</param>
/// <param name="isAsked">Whether the group listens on several addresses; otherwise nobody needs to be told.</param>
internal sealed class DefaultLocalAddress(Steering steering, bool isAsked)
{
    // Only data that is worth it moves the address: each datagram that is told costs some 60 ns more.
    private const int Worth = 64;
    private const long Silence = 10_000;
    private const long UnderWay = 1_000;

    private readonly Lock _changing = new();
    private readonly List<ListenSocket> _plain = [];
    private byte[]? _local;
    private Tick _since;
    private bool _isSteered;
    private bool _isLeaving;

    /// <summary>The address, 4 or 16 bytes; empty while it is unknown or need not be known.</summary>
    public ReadOnlySpan<byte> Local => Volatile.Read(ref _local);

    /// <summary>Whether the group listens on several addresses. While home is unknown then, nothing is steered to a plain socket.
    /// </summary>
    public bool IsAsked => isAsked;

    /// <summary>Steers a group before its first socket is bound, by that socket.</summary>
    public bool TryAttach(UdpSocket socket) => TryAttach(socket, isAsked ? null : []);

    /// <summary>Adds one of the group's plain sockets, before it is bound. What is sent to a group or by broadcast comes to every
    /// socket, past the program: here it is cut down to nothing, by which it is known (<see cref="Steering.ToFilter"/>).</summary>
    public void Add(ListenSocket plain)
    {
        _plain.Add(plain);
        if (isAsked)
        {
            _ = plain.Socket.Udp.TryFilter(Steering.ToFilter(plain.Socket.IsIPv4, home: []));
        }
    }

    /// <summary>A mapping was opened at a local address. May be called from any worker's thread.</summary>
    /// <param name="socket">A socket of the group.</param>
    /// <param name="local">The address, 4 or 16 bytes; empty if it was not told.</param>
    public void Learn(UdpSocket socket, ReadOnlySpan<byte> local)
    {
        if (Local.IsEmpty && !local.IsEmpty)
        {
            lock (_changing)
            {
                if (_local is null)
                {
                    _ = TrySettle(socket, local);
                }
            }
        }
    }

    /// <summary>Once a second, by each worker: the address moves to where data is sent to when nothing has come to the old one
    /// for ten seconds, as when the host's address has changed. First all is told, for as long as something may be under way or
    /// unread at a plain socket; what is read there from then on was sent to the new one.</summary>
    /// <param name="told">The worker's socket that is told.</param>
    /// <param name="now">The instant.</param>
    public void Reconsider(ListenSocket told, Tick now)
    {
        bool isWorthIt = told.TakeLocalCount() >= Worth;
        if (!isWorthIt || !isAsked)
        {
            return;
        }

        lock (_changing)
        {
            if (_local is null || (!_isSteered && !_isLeaving))
            {
                // The system had no room for a program or a filter: perhaps now.
                _ = TrySettle(told.Socket, _local ?? told.LastLocal);
            }
            else if (_isLeaving && now - _since >= UnderWay)
            {
                _isLeaving = !TrySettle(told.Socket, told.LastLocal);
                _since = now;
            }
            else if (!_isLeaving && now - LastPlain() >= Silence)
            {
                _isLeaving = TryAttach(told.Socket, null);
                _since = now;
            }
        }
    }

    private Tick LastPlain()
    {
        Tick last = _since;
        foreach (ListenSocket plain in _plain)
        {
            last = Tick.Max(last, plain.ReadAt);
        }

        return last;
    }

    // The filters first: the program sends nothing to a plain socket that would cut it. If one is refused, all is told as before.
    private bool TrySettle(UdpSocket socket, ReadOnlySpan<byte> local)
    {
        foreach (ListenSocket plain in _plain)
        {
            if (!plain.Socket.Udp.TryFilter(Steering.ToFilter(plain.Socket.IsIPv4, local)))
            {
                return false;
            }
        }

        Volatile.Write(ref _local, local.ToArray());
        _isSteered = TryAttach(socket, _local);
        return true;
    }

    private bool TryAttach(UdpSocket socket, byte[]? home) => socket.Udp.TryAttach(steering.ToProgram(socket.IsIPv4, home));
}
