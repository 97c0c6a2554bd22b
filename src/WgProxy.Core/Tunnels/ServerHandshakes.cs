using System.Runtime.CompilerServices;

namespace WgProxy.Core.Tunnels;

/// <summary>The sender indices of the server's initiations in a tunnel, and its client's answers. Most tunnels need none of this,
/// because clients initiate. Kept apart, so that those need no memory for it.</summary>
internal partial struct ServerHandshakes
{
    private Handshakes _handshakes;
    private byte _next;

    /// <summary>Remembers the sender index of an initiation by the server; the oldest of eight makes room.</summary>
    public bool Ask(uint server, int slot, Tick now, Tick until, out uint forgotten)
    {
        int chosen = -1;
        for (int i = 0; i < Tunnel.MaxPairs && chosen < 0; i++)
        {
            chosen = _handshakes[i].Until > default(Tick) && _handshakes[i].ServerIndex == server ? i : -1;
        }

        if (chosen >= 0)
        {
            // Still asking, or asking anew with an index used before.
            _handshakes[chosen] = _handshakes[chosen].Until > now ? _handshakes[chosen] : new Handshake { ServerIndex = server, Slot = slot };
            _handshakes[chosen].Until = until;
            forgotten = 0;
            return false;
        }

        forgotten = _handshakes[_next].ServerIndex;
        bool madeRoom = _handshakes[_next].Until > default(Tick);
        _handshakes[_next] = new Handshake { ServerIndex = server, Slot = slot, Until = until };
        _next = (byte)((_next + 1) % Tunnel.MaxPairs);
        return madeRoom;
    }

    /// <summary>A client answers an initiation by the server, or repeats its answer. The client's index is believed only
    /// once the server uses it: see <see cref="TryFindClient"/>.</summary>
    /// <returns>The slot on whose port the server had asked; -1 if it had not.</returns>
    public int Answer(uint server, uint client, Tick now)
    {
        for (int i = 0; i < Tunnel.MaxPairs; i++)
        {
            if (_handshakes[i].ServerIndex == server && _handshakes[i].Until > now)
            {
                _handshakes[i].ClientIndex = client;
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
            if (_handshakes[i].Answered && _handshakes[i].ClientIndex == index && _handshakes[i].Until > now)
            {
                server = _handshakes[i].ServerIndex;
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

    /// <summary>The server index at one of the <see cref="Tunnel.MaxPairs"/> positions; false if it is empty.</summary>
    public readonly bool TryGetServerIndex(int position, out uint index)
    {
        index = _handshakes[position].ServerIndex;
        return _handshakes[position].Until > default(Tick);
    }

    /// <summary>Takes over what stands at one of another tunnel's positions, unless it is empty or expired: of a question that
    /// is known only that it was answered.</summary>
    /// <param name="other">What the other tunnel's server asked.</param>
    /// <param name="position">One of the positions.</param>
    /// <param name="now">The instant.</param>
    /// <param name="forgot">Whether another made room.</param>
    /// <param name="forgotten">The server index that made room.</param>
    /// <returns>Whether the question is new here.</returns>
    public bool TryTake(in ServerHandshakes other, int position, Tick now, out bool forgot, out uint forgotten)
    {
        Handshake ask = other._handshakes[position];
        bool isAlive = ask.Until > now;
        bool isNew = isAlive && !Has(ask.ServerIndex, now);
        forgotten = 0;
        forgot = isNew && Ask(ask.ServerIndex, slot: -1, now, ask.Until, out forgotten);
        if (isAlive && ask.Answered && !IsAnswered(ask.ServerIndex, now))
        {
            Answer(ask.ServerIndex, ask.ClientIndex, now);
        }

        return isNew;
    }

    private readonly int Find(uint index, Tick now)
    {
        for (int i = 0; i < Tunnel.MaxPairs; i++)
        {
            if (_handshakes[i].ServerIndex == index && _handshakes[i].Until > now)
            {
                return i;
            }
        }

        return -1;
    }

    private struct Handshake
    {
        public uint ServerIndex;
        public uint ClientIndex;
        public int Slot;
        public bool Answered;
        public Tick Until;
    }

    [InlineArray(Tunnel.MaxPairs)]
    private struct Handshakes
    {
        private Handshake _first;
    }
}
