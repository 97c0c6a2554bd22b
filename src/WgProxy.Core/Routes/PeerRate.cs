using WgProxy.Core.Containers;

namespace WgProxy.Core.Routes;

/// <summary>The rate of one peer, and what has passed of it. All relays of the route share it, as they share the server's: a client that
/// moves is served by another worker, and goes on with the same bucket.</summary>
internal sealed class PeerRate
{
    private readonly Buckets _carried;

    /// <summary>A rate.</summary>
    /// <param name="rate">How much may pass.</param>
    /// <param name="former">The peer's rate until now: what was carried of it still counts. Null if it is new.</param>
    public PeerRate(Rate rate, PeerRate? former) => (Rate, _carried) = (rate, former?._carried ?? new Buckets());

    /// <summary>How much may pass.</summary>
    public Rate Rate { get; }

    /// <summary>What all relays share in one direction.</summary>
    public ref ByteBucket Carried(Direction direction) => ref direction == Direction.Uplink ? ref _carried.Up : ref _carried.Down;

    private sealed class Buckets
    {
        public ByteBucket Up;
        public ByteBucket Down;
    }
}
