using System.Runtime.CompilerServices;

namespace WgProxy.Core.Mappings;

/// <summary>
/// What WireGuard would call the session: the pairs of indices that both ends use for their keys, and the mappings it
/// reaches them by. A pair becomes known when the server answers an initiation (it names both indices), or when a client
/// answers one of the server's and the server then sends data to the client's index.
/// </summary>
internal struct Tunnel
{
    /// <summary>Pairs that are believed at once: boringtun keeps as many sessions.</summary>
    public const int MaxPairs = 8;

    /// <summary>Mappings that may be live at once: the one in use, and four that claim or were in use.</summary>
    public const int MaxMembers = 5;

    /// <summary>The tunnel's route.</summary>
    public int Route;

    /// <summary>Mappings that belong to this tunnel, lingering ones included.</summary>
    public int Members;

    /// <summary>The first of its mappings; they are chained by <see cref="Mapping.NextOfTunnel"/>. -1 if none.</summary>
    public int FirstMember;

    /// <summary>The slot on which the server was last seen to use this tunnel: where it believes its client to be. -1 if
    /// it was not seen yet.</summary>
    public int InUse;

    private Pairs _pairs;
    private Asks _asks;
    private byte _nextAsk;

    /// <summary>Remembers a pair; the one that ends first makes room.</summary>
    /// <param name="server">The server's index.</param>
    /// <param name="client">The client's index.</param>
    /// <param name="slot">The mapping on whose port the server named the pair.</param>
    /// <param name="until">When the pair is no longer believed.</param>
    /// <param name="forgotten">The server index of the pair that made room.</param>
    /// <returns>Whether a pair made room.</returns>
    public bool Learn(uint server, uint client, int slot, Tick until, out uint forgotten)
    {
        int chosen = 0;
        for (int i = 0; i < MaxPairs; i++)
        {
            if (_pairs[i].Server == server && _pairs[i].Client == client)
            {
                chosen = i;
                break;
            }

            chosen = _pairs[i].Until < _pairs[chosen].Until ? i : chosen;
        }

        forgotten = _pairs[chosen].Server;
        bool madeRoom = _pairs[chosen].Until > default(Tick) && forgotten != server;
        _pairs[chosen] = new Pair { Server = server, Client = client, Slot = slot, Until = until };
        return madeRoom;
    }

    /// <summary>Remembers the sender index of an initiation by the server; the oldest of eight makes room.</summary>
    public bool Ask(uint server, int slot, Tick now, Tick until, out uint forgotten)
    {
        int chosen = -1;
        for (int i = 0; i < MaxPairs && chosen < 0; i++)
        {
            chosen = _asks[i].Until > default(Tick) && _asks[i].Server == server ? i : -1;
        }

        if (chosen >= 0)
        {
            // Still asking, or asking anew with an index used before.
            _asks[chosen] = _asks[chosen].Until > now ? _asks[chosen] : new AskedPair { Server = server, Slot = slot };
            _asks[chosen].Until = until;
            forgotten = 0;
            return false;
        }

        forgotten = _asks[_nextAsk].Server;
        bool madeRoom = _asks[_nextAsk].Until > default(Tick);
        _asks[_nextAsk] = new AskedPair { Server = server, Slot = slot, Until = until };
        _nextAsk = (byte)((_nextAsk + 1) % MaxPairs);
        return madeRoom;
    }

    /// <summary>A client answers an initiation by the server, or repeats its answer. The client's index is believed only
    /// once the server uses it: see <see cref="HasClient"/>.</summary>
    /// <returns>The slot on whose port the server had asked; -1 if it had not.</returns>
    public int Answer(uint server, uint client, Tick now)
    {
        for (int i = 0; i < MaxPairs; i++)
        {
            if (_asks[i].Server == server && _asks[i].Until > now)
            {
                _asks[i].Client = client;
                _asks[i].Answered = true;
                return _asks[i].Slot;
            }
        }

        return -1;
    }

    /// <summary>Whether the server issued this index for data: in a pair, or by asking if a client has answered.</summary>
    public readonly bool TakesData(uint index, Tick now)
    {
        for (int i = 0; i < MaxPairs; i++)
        {
            if (_pairs[i].Server == index && _pairs[i].Until > now)
            {
                return true;
            }
        }

        int ask = FindAsk(index, now);
        return ask >= 0 && _asks[ask].Answered;
    }

    /// <summary>Whether the server issued this index for data on the slot's port.</summary>
    public readonly bool NamedOn(int slot, uint index, Tick now)
    {
        for (int i = 0; i < MaxPairs; i++)
        {
            if (_pairs[i].Server == index && _pairs[i].Slot == slot && _pairs[i].Until > now)
            {
                return true;
            }
        }

        int ask = FindAsk(index, now);
        return ask >= 0 && _asks[ask].Answered && _asks[ask].Slot == slot;
    }

    /// <summary>Whether the server issued this index, for data or by asking.</summary>
    public readonly bool HasIssued(uint index, Tick now) => TakesData(index, now) || FindAsk(index, now) >= 0;

    /// <summary>Whether the client issued this index. An index from a client's answer has its server index returned in
    /// <paramref name="answered"/>, for a pair to be learned: the server has just shown that it took the answer.</summary>
    public readonly bool HasClient(uint index, Tick now, out uint? answered)
    {
        answered = null;
        for (int i = 0; i < MaxPairs; i++)
        {
            if (_pairs[i].Client == index && _pairs[i].Until > now)
            {
                return true;
            }
        }

        for (int i = 0; i < MaxPairs; i++)
        {
            if (_asks[i].Answered && _asks[i].Client == index && _asks[i].Until > now)
            {
                answered = _asks[i].Server;
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
            _asks[i].Slot = _asks[i].Slot == slot ? -1 : _asks[i].Slot;
        }

        InUse = InUse == slot ? -1 : InUse;
    }

    /// <summary>The server index at one of the tunnel's 2 × <see cref="MaxPairs"/> places; false if it is empty.</summary>
    public readonly bool TryGetIssued(int place, out uint index)
    {
        bool pair = place < MaxPairs;
        index = pair ? _pairs[place].Server : _asks[place - MaxPairs].Server;
        return (pair ? _pairs[place].Until : _asks[place - MaxPairs].Until) > default(Tick);
    }

    /// <summary>Takes over what stands at one of another tunnel's places, unless it is empty, expired or known.</summary>
    /// <param name="other">The other tunnel.</param>
    /// <param name="place">One of its 2 × <see cref="MaxPairs"/> places.</param>
    /// <param name="now">The instant.</param>
    /// <param name="index">The server index taken over.</param>
    /// <param name="forgot">Whether another made room.</param>
    /// <param name="forgotten">The server index that made room.</param>
    public bool TryTake(
        in Tunnel other, int place, Tick now, out uint index, out bool forgot, out uint forgotten)
    {
        forgot = false;
        forgotten = 0;
        bool isPair = place < MaxPairs;
        AskedPair ask = isPair ? default : other._asks[place - MaxPairs];
        Pair pair = isPair ? other._pairs[place] : default;
        index = isPair ? pair.Server : ask.Server;
        if (isPair && pair.Until > now && !HasPair(pair, now))
        {
            forgot = Learn(pair.Server, pair.Client, slot: -1, pair.Until, out forgotten);
            return true;
        }

        int known = FindAsk(ask.Server, now);
        bool isNew = !isPair && ask.Until > now && known < 0;
        if (isNew)
        {
            forgot = Ask(ask.Server, slot: -1, now, ask.Until, out forgotten);
        }

        if (!isPair && ask.Answered && ask.Until > now && (isNew || !_asks[known].Answered))
        {
            // Also a question that is known: it was answered by way of the neighbour.
            Answer(ask.Server, ask.Client, now);
        }

        return isNew;
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

    /// <summary>Whether the index still stands at any place, expired or not.</summary>
    public readonly bool Holds(uint index)
    {
        for (int place = 0; place < 2 * MaxPairs; place++)
        {
            if (TryGetIssued(place, out uint held) && held == index)
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
            if (_pairs[i].Server == pair.Server && _pairs[i].Client == pair.Client && _pairs[i].Until > now)
            {
                return true;
            }
        }

        return false;
    }

    private readonly int FindAsk(uint index, Tick now)
    {
        for (int i = 0; i < MaxPairs; i++)
        {
            if (_asks[i].Server == index && _asks[i].Until > now)
            {
                return i;
            }
        }

        return -1;
    }

    private struct Pair
    {
        public uint Server;
        public uint Client;
        public int Slot;
        public Tick Until;
    }

    private struct AskedPair
    {
        public uint Server;
        public uint Client;
        public int Slot;
        public bool Answered;
        public Tick Until;
    }

    [InlineArray(MaxPairs)]
    private struct Pairs
    {
        private Pair _first;
    }

    [InlineArray(MaxPairs)]
    private struct Asks
    {
        private AskedPair _first;
    }
}
