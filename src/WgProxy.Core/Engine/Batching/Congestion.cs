namespace WgProxy.Core.Engine.Batching;

/// <summary>The two ECN bits of an IP packet (RFC 3168, section 5).</summary>
internal static class Congestion
{
    /// <summary>The mark of a packet that met congestion.</summary>
    public const byte Experienced = 3;

    /// <summary>The bits that a run leaves with: those it came with, or the mark if its rate is near its limit and its ends can read one.
    /// </summary>
    public static byte Mark(byte ecn, in Decision decision) => decision.IsCongested && ecn != 0 ? Experienced : ecn;
}
