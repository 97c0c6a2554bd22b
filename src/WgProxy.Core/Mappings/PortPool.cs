using WgProxy.Core.Protocol;

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
    private readonly (ulong K0, ulong K1) _seed;
    private ulong _draws;
    private int _count;

    /// <summary>A pool over the given ports.</summary>
    /// <param name="ports">Every port that may be drawn, each once.</param>
    /// <param name="rest">How long a port rests after use.</param>
    /// <param name="seed">128 random bits; whoever does not know them cannot predict the next draw from earlier ones.</param>
    public PortPool(IEnumerable<ushort> ports, TimeSpan rest, (ulong K0, ulong K1) seed)
    {
        _free = [.. ports];
        _count = _free.Length;
        _resting = new Queue<(ushort, Tick)>(_free.Length);
        _restMilliseconds = (long)rest.TotalMilliseconds;
        _seed = seed;
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

        ulong drawn = SipHash.Hash(_seed.K0, _seed.K1, _draws++);
        int chosen = (int)(((UInt128)drawn * (uint)_count) >> 64);
        port = _free[chosen];
        _free[chosen] = _free[--_count];
        return true;
    }

    /// <summary>Puts a drawn port to rest.</summary>
    public void Rest(ushort port, Tick now) => _resting.Enqueue((port, now + _restMilliseconds));
}
