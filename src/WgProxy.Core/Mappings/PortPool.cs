namespace WgProxy.Core.Mappings;

/// <summary>
/// Local ports for upstream sockets: drawn at random (RFC 6056), and rested after use, so that what a server still sends
/// to a former client's port cannot reach the next one. Owned by one engine; holds no socket.
/// </summary>
public sealed class PortPool
{
    private readonly ushort[] _free;
    private readonly Queue<(ushort Port, Tick Until)> _resting;
    private readonly long _restMilliseconds;
    private ulong _state;
    private int _count;

    /// <summary>A pool over the given ports.</summary>
    /// <param name="ports">Every port that may be drawn, each once.</param>
    /// <param name="rest">How long a port rests after use.</param>
    /// <param name="seed">Random bits; whoever knows them can predict the draws.</param>
    public PortPool(IEnumerable<ushort> ports, TimeSpan rest, ulong seed)
    {
        _free = [.. ports];
        _count = _free.Length;
        _resting = new Queue<(ushort, Tick)>(_free.Length);
        _restMilliseconds = (long)rest.TotalMilliseconds;
        _state = seed;
    }

    /// <summary>Ports that could be drawn or are resting.</summary>
    public int Size => _free.Length;

    /// <summary>Draws a rested port; false if none is left. The caller returns it by <see cref="Rest"/>, also when the
    /// system would not let it have the port.</summary>
    public bool TryDraw(Tick now, out ushort port)
    {
        while (_resting.TryPeek(out (ushort Port, Tick Until) oldest) && oldest.Until <= now)
        {
            _free[_count++] = _resting.Dequeue().Port;
        }

        if (_count == 0)
        {
            port = 0;
            return false;
        }

        int chosen = (int)(((UInt128)Next() * (uint)_count) >> 64);
        port = _free[chosen];
        _free[chosen] = _free[--_count];
        return true;
    }

    /// <summary>Puts a drawn port to rest.</summary>
    public void Rest(ushort port, Tick now) => _resting.Enqueue((port, now + _restMilliseconds));

    // SplitMix64: its output is a bijection of a counter, so no port is favoured. The seed is the secret.
    private ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
