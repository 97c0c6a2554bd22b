using WgProxy.Core.Containers;

namespace WgProxy.Core.Engine;

/// <summary>
/// Local ports for upstream sockets: drawn at random (RFC 6056), and rested after use, so that what a server still sends
/// to a former client's port cannot reach the next one. A port that the server never sent to is unknown to it: such ports
/// rest briefly, and are drawn early rather than none at all, or else whoever knows the public key could put every port
/// to rest by asking 157 times a second. Owned by one engine; holds no socket.
/// </summary>
public sealed class PortPool
{
    private readonly ushort[] _free;
    private readonly Queue<(ushort Port, Tick Until)> _used = new();
    private readonly Queue<(ushort Port, Tick Until)> _unused = new();
    private readonly long _restMilliseconds;
    private readonly (ulong K0, ulong K1) _seed;
    private ulong _draws;
    private int _count;

    /// <summary>A pool over the given ports.</summary>
    /// <param name="ports">Every port that may be drawn, each once.</param>
    /// <param name="rest">How long a port rests that a server has sent to.</param>
    /// <param name="seed">128 random bits; whoever does not know them cannot predict the next draw from earlier ones.</param>
    public PortPool(IEnumerable<ushort> ports, TimeSpan rest, (ulong K0, ulong K1) seed)
    {
        _free = [.. ports];
        _count = _free.Length;
        _restMilliseconds = (long)rest.TotalMilliseconds;
        _seed = seed;
    }

    /// <summary>Ports that could be drawn or are resting.</summary>
    public int Size => _free.Length;

    /// <summary>Draws a port; false if none is left. The caller returns it by <see cref="Rest"/>, also when the
    /// system would not let it have the port.</summary>
    public bool TryDraw(Tick now, out ushort port)
    {
        Wake(_used, now);
        Wake(_unused, now);
        if (_count == 0)
        {
            bool early = _unused.TryDequeue(out (ushort Port, Tick Until) oldest);
            port = oldest.Port;
            return early;
        }

        ulong drawn = SipHash.Hash(_seed.K0, _seed.K1, _draws++);
        int chosen = (int)(((UInt128)drawn * (uint)_count) >> 64);
        port = _free[chosen];
        _free[chosen] = _free[--_count];
        return true;
    }

    /// <summary>Puts a drawn port to rest.</summary>
    /// <param name="port">The port.</param>
    /// <param name="now">The instant from which it rests.</param>
    /// <param name="used">Whether a server has sent to it, and so may do so again.</param>
    public void Rest(ushort port, Tick now, bool used = true)
    {
        if (used)
        {
            _used.Enqueue((port, now + _restMilliseconds));
        }
        else
        {
            _unused.Enqueue((port, now + RelaySettings.UnusedPortRest));
        }
    }

    private void Wake(Queue<(ushort Port, Tick Until)> resting, Tick now)
    {
        while (resting.TryPeek(out (ushort Port, Tick Until) oldest) && oldest.Until <= now)
        {
            _free[_count++] = resting.Dequeue().Port;
        }
    }
}
