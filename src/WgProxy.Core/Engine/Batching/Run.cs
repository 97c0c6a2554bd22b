namespace WgProxy.Core.Engine.Batching;

/// <summary>Datagrams that lie side by side in one buffer and leave for one destination: a single one, or neighbours that
/// the kernel coalesced.</summary>
/// <param name="Slot">The mapping they leave by: one destination, one local address.</param>
/// <param name="Length">Bytes in all; at least one.</param>
/// <param name="Stride">Length of each datagram but the last, which may be shorter. At least one.</param>
/// <param name="Ecn">The two ECN bits they share.</param>
internal readonly record struct Run(int Slot, int Length, int Stride, byte Ecn)
{
    /// <summary>How many datagrams.</summary>
    public int Datagrams => Length <= Stride ? 1 : (Length + Stride - 1) / Stride;

    /// <summary>Length of the first datagram.</summary>
    public int First => Math.Min(Length, Stride);

    /// <summary>The run without its first bytes, whole datagrams of it.</summary>
    public Run From(int offset) => this with { Length = Length - offset };

    /// <summary>The first bytes of the run, whole datagrams of it.</summary>
    public Run Until(int length) => this with { Length = length };
}
