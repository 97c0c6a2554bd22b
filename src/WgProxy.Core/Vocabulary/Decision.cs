namespace WgProxy.Core.Vocabulary;

/// <summary>A verdict on the beginning of a run. The engine obeys it for the first <see cref="Length"/> bytes and asks
/// again for the rest. Neighbours with the same verdict therefore leave together, and no run is split needlessly.</summary>
/// <param name="Verdict">What to do.</param>
/// <param name="Slot">The mapping concerned; -1 if there is none.</param>
/// <param name="Length">How many bytes of the run are decided: whole datagrams, at least one unless the run is empty.</param>
/// <param name="IsCongested">What is forwarded comes near the limit of a rate: the engine marks it as having met congestion, where the
/// ends can read such a mark (RFC 3168).</param>
internal readonly record struct Decision(Verdict Verdict, int Slot, int Length, bool IsCongested = false);

/// <summary>Which way a datagram travels.</summary>
public enum Direction : byte
{
    /// <summary>From client to server.</summary>
    Uplink,

    /// <summary>From server to client.</summary>
    Downlink,
}
