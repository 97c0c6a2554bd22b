using System.Runtime.CompilerServices;

namespace WgProxy.Core.Tunnels;

/// <summary>Whose tunnel it is, and with which other peers the server has made handshakes on it that no client has used yet. Another peer
/// can ask under a client's address, if it forges that; what the server answers names another peer then, and the client never uses it. Kept
/// apart from the tunnel's row: only routes with peers need it.</summary>
internal struct TunnelPeers
{
    /// <summary>Whose tunnel it is; the default if that is unknown, or no listed peer.</summary>
    public PeerId Current;

    /// <summary>By what records name it: a peer that is no longer listed keeps its mark.</summary>
    public ulong Mark;

    private Others _others;

    /// <summary>The server made a handshake of this index with another peer. Of eight, the one that ends first makes room.</summary>
    public void Remember(uint server, PeerId peer, Tick until)
    {
        int chosen = Find(server, default);
        for (int i = 0; chosen < 0 && i < Tunnel.MaxPairs; i++)
        {
            chosen = IsFirst(i) ? i : chosen;
        }

        _others[chosen] = new Other { ServerIndex = server, Peer = peer, Until = until };
    }

    /// <summary>The server made a handshake of this index with the tunnel's peer, or a client has used it.</summary>
    public void Forget(uint server)
    {
        if (Find(server, default) is >= 0 and int found)
        {
            _others[found] = default;
        }
    }

    /// <summary>Whether the server made a handshake of this index with another peer, and with which.</summary>
    public readonly bool TryFind(uint server, Tick now, out PeerId peer)
    {
        int found = Find(server, now);
        peer = found < 0 ? default : _others[found].Peer;
        return found >= 0;
    }

    /// <summary>The other peer at one of <see cref="Tunnel.MaxPairs"/> positions; false if there is none.</summary>
    public readonly bool TryGet(int position, Tick now, out PeerId peer)
    {
        peer = _others[position].Peer;
        return _others[position].Until > now;
    }

    private readonly bool IsFirst(int position)
    {
        bool isFirst = true;
        for (int i = 0; i < Tunnel.MaxPairs; i++)
        {
            isFirst &= _others[i].Until >= _others[position].Until;
        }

        return isFirst;
    }

    private readonly int Find(uint server, Tick now)
    {
        for (int i = 0; i < Tunnel.MaxPairs; i++)
        {
            if (_others[i].ServerIndex == server && _others[i].Until > now)
            {
                return i;
            }
        }

        return -1;
    }

    private struct Other
    {
        public uint ServerIndex;
        public PeerId Peer;
        public Tick Until;
    }

    [InlineArray(Tunnel.MaxPairs)]
    private struct Others
    {
        private Other _first;
    }
}
