using WgProxy.Bench;

namespace WgProxy.Load;

/// <summary>One handshake's keys, so to speak: the client's index and the counters that came for ours.</summary>
internal sealed record SinkFlow(uint ClientIndex)
{
    public CounterWindow Counters { get; } = new();
}

/// <summary>Flows by our own index. Indices look random, but are a permutation of 0, 1, 2…: finding a flow costs one
/// multiplication, so the sink stays faster than what it measures.</summary>
internal sealed class SinkFlows
{
    private readonly uint _factor = (uint)Random.Shared.NextInt64(1L << 32) | 1;
    private readonly uint _shift = (uint)Random.Shared.NextInt64(1L << 32);
    private readonly uint _inverse;
    private readonly List<SinkFlow> _flows = [];

    public SinkFlows()
    {
        // Newton: each step doubles the number of correct low bits, of which a number itself is right in three.
        _inverse = _factor;
        for (int step = 0; step < 4; step++)
        {
            _inverse *= 2 - (_factor * _inverse);
        }
    }

    /// <summary>A new flow; returns its index.</summary>
    public uint Add(uint client)
    {
        _flows.Add(new SinkFlow(client));
        return ((uint)(_flows.Count - 1) * _factor) + _shift;
    }

    public SinkFlow? Find(uint index)
    {
        uint number = (index - _shift) * _inverse;
        return number < (uint)_flows.Count ? _flows[(int)number] : null;
    }

    public SinkReport Report() => new()
    {
        Delivered = _flows.Sum(flow => flow.Counters.Delivered),
        Lost = _flows.Sum(flow => flow.Counters.Lost),
        Duplicated = _flows.Sum(flow => flow.Counters.Duplicated),
        Reordered = _flows.Sum(flow => flow.Counters.Reordered),
        FirstDelivered = _flows.Count > 0 ? _flows[0].Counters.Delivered : 0,
        Flows = _flows.Count,
    };
}
