using System.Runtime.CompilerServices;

namespace WgProxy.Core.Tunnels;

/// <summary>The sender indices with which a tunnel's server asked, and how its client answered: the side of a tunnel that
/// most have no use for, because clients ask. Kept apart, so that it costs no memory where it is empty.</summary>
internal partial struct ServerHandshakes
{
    private Asks _handshakes;
    private byte _nextAsk;

    /// <summary>Remembers the sender index of an initiation by the server; the oldest of eight makes room.</summary>
    public bool Ask(uint server, int slot, Tick now, Tick until, out uint forgotten)
    {
        int chosen = -1;
        for (int i = 0; i < Tunnel.MaxPairs && chosen < 0; i++)
        {
            chosen = _handshakes[i].Until > default(Tick) && _handshakes[i].Server == server ? i : -1;
        }

        if (chosen >= 0)
        {
            // Still asking, or asking anew with an index used before.
            _handshakes[chosen] = _handshakes[chosen].Until > now ? _handshakes[chosen] : new AskedPair { Server = server, Slot = slot };
            _handshakes[chosen].Until = until;
            forgotten = 0;
            return false;
        }

        forgotten = _handshakes[_nextAsk].Server;
        bool madeRoom = _handshakes[_nextAsk].Until > default(Tick);
        _handshakes[_nextAsk] = new AskedPair { Server = server, Slot = slot, Until = until };
        _nextAsk = (byte)((_nextAsk + 1) % Tunnel.MaxPairs);
        return madeRoom;
    }

    /// <summary>A client answers an initiation by the server, or repeats its answer. The client's index is believed only
    /// once the server uses it: see <see cref="TryFindClient"/>.</summary>
    /// <returns>The slot on whose port the server had asked; -1 if it had not.</returns>
    public int Answer(uint server, uint client, Tick now)
    {
        for (int i = 0; i < Tunnel.MaxPairs; i++)
        {
            if (_handshakes[i].Server == server && _handshakes[i].Until > now)
            {
                _handshakes[i].Client = client;
                _handshakes[i].Answered = true;
                return _handshakes[i].Slot;
            }
        }

        return -1;
    }

    /// <summary>Whether the server asked with this index.</summary>
    public readonly bool Has(uint index, Tick now) => Find(index, now) >= 0;

    /// <summary>Whether the server asked with this index and a client has answered.</summary>
    public readonly bool IsAnswered(uint index, Tick now) => Find(index, now) is >= 0 and int ask && _handshakes[ask].Answered;

    /// <summary>Whether the server asked with this index on the slot's port and a client has answered.</summary>
    public readonly bool IsAnsweredOn(int slot, uint index, Tick now) =>
        Find(index, now) is >= 0 and int ask && _handshakes[ask].Answered && _handshakes[ask].Slot == slot;

    /// <summary>Whether a client answered with this index of its own, and which of the server's it answered.</summary>
    public readonly bool TryFindClient(uint index, Tick now, out uint server)
    {
        for (int i = 0; i < Tunnel.MaxPairs; i++)
        {
            if (_handshakes[i].Answered && _handshakes[i].Client == index && _handshakes[i].Until > now)
            {
                server = _handshakes[i].Server;
                return true;
            }
        }

        server = 0;
        return false;
    }

    /// <summary>A slot leaves.</summary>
    public void ForgetSlot(int slot)
    {
        for (int i = 0; i < Tunnel.MaxPairs; i++)
        {
            _handshakes[i].Slot = _handshakes[i].Slot == slot ? -1 : _handshakes[i].Slot;
        }
    }

    /// <summary>The server index at one of the <see cref="Tunnel.MaxPairs"/> places; false if it is empty.</summary>
    public readonly bool TryGetServer(int place, out uint index)
    {
        index = _handshakes[place].Server;
        return _handshakes[place].Until > default(Tick);
    }

    /// <summary>Takes over what stands at one of another tunnel's places, unless it is empty or expired: of a question that
    /// is known only that it was answered.</summary>
    /// <param name="other">What the other tunnel's server asked.</param>
    /// <param name="place">One of the places.</param>
    /// <param name="now">The instant.</param>
    /// <param name="forgot">Whether another made room.</param>
    /// <param name="forgotten">The server index that made room.</param>
    /// <returns>Whether the question is new here.</returns>
    public bool TryTake(in ServerHandshakes other, int place, Tick now, out bool forgot, out uint forgotten)
    {
        AskedPair ask = other._handshakes[place];
        bool isAlive = ask.Until > now;
        bool isNew = isAlive && !Has(ask.Server, now);
        forgotten = 0;
        forgot = isNew && Ask(ask.Server, slot: -1, now, ask.Until, out forgotten);
        if (isAlive && ask.Answered && !IsAnswered(ask.Server, now))
        {
            Answer(ask.Server, ask.Client, now);
        }

        return isNew;
    }

    private readonly int Find(uint index, Tick now)
    {
        for (int i = 0; i < Tunnel.MaxPairs; i++)
        {
            if (_handshakes[i].Server == index && _handshakes[i].Until > now)
            {
                return i;
            }
        }

        return -1;
    }

    private struct AskedPair
    {
        public uint Server;
        public uint Client;
        public int Slot;
        public bool Answered;
        public Tick Until;
    }

    [InlineArray(Tunnel.MaxPairs)]
    private struct Asks
    {
        private AskedPair _first;
    }
}
