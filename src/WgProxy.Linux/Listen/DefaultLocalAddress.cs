using WgProxy.Linux.Net;

namespace WgProxy.Linux.Listen;

/// <summary>
/// The local address of a listening group that most clients use: the first at which a mapping was opened, until no more data
/// arrives there. The bare sockets get the data for this address. The kernel need not report the address with each of these
/// datagrams, because it sends all other data elsewhere. All workers share it.
/// </summary>
/// <param name="steering">How the group is steered; null if it is one socket, which gets everything.</param>
/// <param name="isWildcard">Whether the group listens on several addresses. Otherwise the address need not be reported.</param>
internal sealed class DefaultLocalAddress(Steering? steering, bool isWildcard)
{
    // Only a busy address is worth a move: each datagram with a reported address costs some 60 ns more.
    private const int Worth = 64;
    private const long Silence = 10_000;
    private const long UnderWay = 1_000;

    private readonly Lock _changing = new();
    private readonly List<ListenSocket> _bare = [];
    private byte[]? _local;
    private Tick _since;
    private bool _isSteered;
    private bool _isLeaving;

    /// <summary>The address, 4 or 16 bytes; empty while it is unknown or need not be known.</summary>
    public ReadOnlySpan<byte> Local => Volatile.Read(ref _local);

    /// <summary>Whether the group listens on several addresses. If so, nothing is steered to a bare socket while the address is unknown.
    /// </summary>
    public bool IsWildcard => isWildcard;

    /// <summary>Attaches the steering program through the group's first socket, before that is bound.</summary>
    public bool TryAttach(UdpSocket socket) => TryAttach(socket, isWildcard ? null : []);

    /// <summary>Adds one of the listening group's bare sockets, before it is bound. Multicasts and broadcasts reach every
    /// socket without the program. A filter cuts them down to empty datagrams, by which the worker knows them
    /// (<see cref="Steering.ToFilter"/>).</summary>
    public void Add(ListenSocket bare)
    {
        _bare.Add(bare);
        if (isWildcard)
        {
            _ = bare.Socket.Udp.TryFilter(Steering.ToFilter(bare.Socket.IsIPv4, local: []));
        }
    }

    /// <summary>Goes on with a group whose sockets another process has bound. What waits in the bare ones was sent to the address that their
    /// filters let in, so that stays the default one.</summary>
    /// <param name="bare">All bare sockets of the group.</param>
    /// <returns>Whether the steering program could be attached.</returns>
    public bool TryResume(IReadOnlyList<ListenSocket> bare)
    {
        _bare.AddRange(bare);
        if (!isWildcard)
        {
            return TryAttach(bare[0].Socket, []);
        }

        byte[]? local = Steering.ToLocal(bare[0].Socket.IsIPv4, bare[0].Socket.Udp.Filter());
        if (local is { Length: > 0 } && bare.All(each => Steering.ToLocal(each.Socket.IsIPv4, each.Socket.Udp.Filter()) is { } other && local.AsSpan().SequenceEqual(other)))
        {
            _local = local;
            return _isSteered = TryAttach(bare[0].Socket, local);
        }

        foreach (ListenSocket each in bare)
        {
            _ = each.Socket.Udp.TryFilter(Steering.ToFilter(each.Socket.IsIPv4, local: []));
        }

        return TryAttach(bare[0].Socket, null);
    }

    /// <summary>A mapping was opened at a local address. May be called from any worker's thread.</summary>
    /// <param name="socket">A socket of the group.</param>
    /// <param name="local">The address, 4 or 16 bytes; empty if the kernel did not report it.</param>
    public void Learn(UdpSocket socket, ReadOnlySpan<byte> local)
    {
        if (steering is not null && Local.IsEmpty && !local.IsEmpty)
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

    /// <summary>Each worker calls this once a second. If no data has come to the address for ten seconds, as when the host's address
    /// has changed, it moves to the address that gets data now. Before it moves, all data goes to the sockets with metadata, for as
    /// long as datagrams may be in flight or unread at a bare socket. What a bare socket reads after that was sent to the new address.</summary>
    /// <param name="withMetadata">The worker's socket that reports addresses.</param>
    /// <param name="now">The instant.</param>
    public void Reconsider(ListenSocket withMetadata, Tick now)
    {
        bool isWorthIt = withMetadata.TakeLocalCount() >= Worth;
        if (!isWorthIt || !isWildcard || steering is null)
        {
            return;
        }

        lock (_changing)
        {
            if (_local is null || (!_isSteered && !_isLeaving))
            {
                // The system had no room for a program or a filter. It may have now.
                _ = TrySettle(withMetadata.Socket, _local ?? withMetadata.LastLocal);
            }
            else if (_isLeaving && now - _since >= UnderWay)
            {
                _isLeaving = !TrySettle(withMetadata.Socket, withMetadata.LastLocal);
                _since = now;
            }
            else if (!_isLeaving && now - LastReadByBare() >= Silence)
            {
                _isLeaving = TryAttach(withMetadata.Socket, null);
                _since = now;
            }
        }
    }

    private Tick LastReadByBare()
    {
        Tick last = _since;
        foreach (ListenSocket bare in _bare)
        {
            last = Tick.Max(last, bare.ReadAt);
        }

        return last;
    }

    // The filters first, so that the program never steers to a bare socket what its filter cuts. If one is refused, all data stays
    // with the sockets with metadata.
    private bool TrySettle(UdpSocket socket, ReadOnlySpan<byte> local)
    {
        foreach (ListenSocket bare in _bare)
        {
            if (!bare.Socket.Udp.TryFilter(Steering.ToFilter(bare.Socket.IsIPv4, local)))
            {
                return false;
            }
        }

        Volatile.Write(ref _local, local.ToArray());
        _isSteered = TryAttach(socket, _local);
        return true;
    }

    private bool TryAttach(UdpSocket socket, byte[]? local) => socket.Udp.TryAttach(steering!.ToProgram(socket.IsIPv4, local));
}
