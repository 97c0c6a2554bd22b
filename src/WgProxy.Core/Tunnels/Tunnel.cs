using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using WgProxy.Core.Mappings;

namespace WgProxy.Core.Tunnels;

/// <summary>
/// A WireGuard session as the relay sees it: the pairs of indices that both ends use for their keys, and the mappings that
/// carry it. A pair becomes known when the server answers an initiation (it names both indices), or when a client
/// answers one of the server's and the server then sends data to the client's index. What the server has asked stands in
/// <see cref="ServerHandshakes"/>: most tunnels have only pairs.
/// </summary>
internal partial struct Tunnel
{
    /// <summary>Pairs that are believed at once.</summary>
    public const int MaxPairs = Limits.PairsPerTunnel;

    /// <summary>Mappings that may be live at once.</summary>
    public const int MaxMembers = Limits.MembersPerTunnel;

    /// <summary>The tunnel's route.</summary>
    public int Route;

    /// <summary>Tells the tunnel from others in the records of its mappings.</summary>
    public uint Identity;

    /// <summary>The site whose handshake made the tunnel. Claims on the tunnel are charged to it.</summary>
    public ulong Owner;

    /// <summary>Mappings that belong to this tunnel, lingering ones included.</summary>
    public int Members;

    /// <summary>The first of its mappings; they are chained by <see cref="Mapping.NextOfTunnel"/>. -1 if none.</summary>
    public int FirstMember;

    /// <summary>The slot on which the server was last seen to use this tunnel: where it believes its client to be. -1 if
    /// it was not seen yet.</summary>
    public int InUse;

    /// <summary>Whether the server has asked: only then do the tunnel's <see cref="ServerHandshakes"/> mean anything.</summary>
    public bool HasHandshakes;

    /// <summary>Whether the mapping for which the tunnel was made is still a member. False in a borrowed tunnel.</summary>
    public bool HasFounder;

    // Two rarely read flags share a byte, so that the row fits three cache lines.
    private byte _peerMarks;

    // Which pairs a client has used, a bit each: within a pair it would cost four bytes.
    private byte _used;
    private Pairs _pairs;

    /// <summary>Whether the server has made handshakes for peers: only then do the tunnel's <see cref="TunnelPeers"/> mean anything.</summary>
    public bool HasPeers { readonly get => (_peerMarks & 1) != 0; set => _peerMarks = (byte)(value ? _peerMarks | 1 : _peerMarks & ~1); }

    /// <summary>Whether it has made some with other peers than the tunnel's, which no client has used.</summary>
    public bool HasOtherPeers { readonly get => (_peerMarks & 2) != 0; set => _peerMarks = (byte)(value ? _peerMarks | 2 : _peerMarks & ~2); }

    /// <summary>Remembers a pair. If there is no room, it replaces the pair that ends first among those that no client has used, and
    /// a used one only if all are used. So pairs from initiations under the client's forged address replace no pair
    /// in use.</summary>
    /// <param name="server">The server's index.</param>
    /// <param name="client">The client's index.</param>
    /// <param name="slot">The mapping on whose port the server named the pair.</param>
    /// <param name="now">The instant.</param>
    /// <param name="until">When the pair is no longer believed.</param>
    /// <param name="isUsed">Whether a client is known to have used it.</param>
    /// <param name="forgotten">The server index of the pair that made room.</param>
    /// <returns>Whether a pair made room.</returns>
    public bool Learn(uint server, uint client, int slot, Tick now, Tick until, bool isUsed, out uint forgotten)
    {
        int chosen = 0;
        for (int i = 0; i < MaxPairs; i++)
        {
            if (_pairs[i].ServerIndex == server && _pairs[i].ClientIndex == client)
            {
                chosen = i;
                break;
            }

            chosen = GoesBefore(i, chosen, now) ? i : chosen;
        }

        forgotten = _pairs[chosen].ServerIndex;

        // A pair that has expired and is named again is another pair: that the old keys were used says nothing about the new ones.
        bool isNew = forgotten != server || _pairs[chosen].ClientIndex != client || _pairs[chosen].Until <= now;
        bool madeRoom = _pairs[chosen].Until > default(Tick) && forgotten != server;
        _used = (byte)(isNew && !isUsed ? _used & ~(1 << chosen) : _used | (isUsed ? 1 << chosen : 0));
        _pairs[chosen] = new Pair { ServerIndex = server, ClientIndex = client, Slot = slot, Until = until };
        return madeRoom;
    }

    /// <summary>A client sends data with this server index. Returns whether a pair has it; that pair is then in use.</summary>
    public bool Use(uint index, Tick now)
    {
        byte found = 0;
        for (int i = 0; i < MaxPairs; i++)
        {
            if (_pairs[i].ServerIndex == index && _pairs[i].Until > now)
            {
                if ((_used & (1 << i)) != 0)
                {
                    return true;
                }

                found |= (byte)(1 << i);
            }
        }

        _used |= found;
        return found != 0;
    }

    /// <summary>Whether a pair has this index of the server's.</summary>
    public readonly bool HasServer(uint index, Tick now)
    {
        for (int i = 0; i < MaxPairs; i++)
        {
            if (_pairs[i].ServerIndex == index && _pairs[i].Until > now)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the server named a pair with this index of its own on the slot's port.</summary>
    public readonly bool NamedOn(int slot, uint index, Tick now)
    {
        for (int i = 0; i < MaxPairs; i++)
        {
            if (_pairs[i].ServerIndex == index && _pairs[i].Slot == slot && _pairs[i].Until > now)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a pair has this index of the client's.</summary>
    public readonly bool HasClient(uint index, Tick now)
    {
        for (int i = 0; i < MaxPairs; i++)
        {
            if (_pairs[i].ClientIndex == index && _pairs[i].Until > now)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a pair has this index of the client's, and a client has used it.</summary>
    public readonly bool IsUsed(uint client, Tick now)
    {
        for (int i = 0; i < MaxPairs; i++)
        {
            if (_pairs[i].ClientIndex == client && _pairs[i].Until > now && (_used & (1 << i)) != 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A slot leaves: what was learned on its port proves nothing about the slot's next mapping.</summary>
    public void ForgetSlot(int slot)
    {
        for (int i = 0; i < MaxPairs; i++)
        {
            _pairs[i].Slot = _pairs[i].Slot == slot ? -1 : _pairs[i].Slot;
        }

        InUse = InUse == slot ? -1 : InUse;
    }

    /// <summary>The server index at one of the <see cref="MaxPairs"/> positions; false if it is empty.</summary>
    public readonly bool TryGetServerIndex(int position, out uint index)
    {
        index = _pairs[position].ServerIndex;
        return _pairs[position].Until > default(Tick);
    }

    /// <summary>Takes over the pair at one of another tunnel's positions, unless it is empty, expired or known.</summary>
    /// <param name="other">The other tunnel.</param>
    /// <param name="position">One of its positions.</param>
    /// <param name="now">The instant.</param>
    /// <param name="keepsUse">Whether a pair in use there counts as in use here.</param>
    /// <param name="forgot">Whether another pair made room.</param>
    /// <param name="forgotten">The server index that made room.</param>
    public bool TryTake(in Tunnel other, int position, Tick now, bool keepsUse, out bool forgot, out uint forgotten)
    {
        Pair pair = other._pairs[position];
        bool takes = pair.Until > now && !HasPair(pair, now);
        forgotten = 0;
        bool isUsed = keepsUse && (other._used & (1 << position)) != 0;
        forgot = takes && Learn(pair.ServerIndex, pair.ClientIndex, slot: -1, now, pair.Until, isUsed, out forgotten);
        return takes;
    }

    /// <summary>Whether both know a pair that is still believed: then they are one session, seen from two sides.</summary>
    public readonly bool SharesPair(in Tunnel other, Tick now)
    {
        for (int i = 0; i < MaxPairs; i++)
        {
            if (other._pairs[i].Until > now && HasPair(other._pairs[i], now))
            {
                return true;
            }
        }

        return false;
    }

    private readonly bool HasPair(in Pair pair, Tick now)
    {
        for (int i = 0; i < MaxPairs; i++)
        {
            if (_pairs[i].ServerIndex == pair.ServerIndex && _pairs[i].ClientIndex == pair.ClientIndex && _pairs[i].Until > now)
            {
                return true;
            }
        }

        return false;
    }

    private readonly bool GoesBefore(int left, int right, Tick now) =>
        IsInUse(left, now) == IsInUse(right, now) ? _pairs[left].Until < _pairs[right].Until : IsInUse(right, now);

    private readonly bool IsInUse(int position, Tick now) => (_used & (1 << position)) != 0 && _pairs[position].Until > now;

    // Packed: a quarter of a tunnel's memory would be padding.
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private struct Pair
    {
        public uint ServerIndex;
        public uint ClientIndex;
        public int Slot;
        public Tick Until;
    }

    [InlineArray(MaxPairs)]
    private struct Pairs
    {
        private Pair _first;
    }
}
