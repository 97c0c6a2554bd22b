namespace WgProxy.Core.Engine.Batching;

/// <summary>What leaves in one send: one datagram, or several of equal length, of which the last may be shorter.</summary>
/// <param name="Slot">The mapping they leave by.</param>
/// <param name="Bytes">Bytes in all.</param>
/// <param name="Stride">Length of each datagram but the last.</param>
/// <param name="Datagrams">How many; 0 for a train that has not begun.</param>
/// <param name="Ecn">The two ECN bits they share.</param>
internal readonly record struct Train(int Slot, int Bytes, int Stride, int Datagrams, byte Ecn)
{
    /// <summary>A train of one run, which <see cref="Coalescer.Fit"/> found to fit.</summary>
    public Train(in Run run)
        : this(run.Slot, run.Length, run.First, run.Datagrams, run.Ecn)
    {
    }

    /// <summary>Whether the train has not begun.</summary>
    public bool IsEmpty => Datagrams == 0;

    /// <summary>Whether all datagrams are equally long. A shorter one ends the train.</summary>
    public bool IsEven => Bytes == Stride * Datagrams;

    /// <summary>Whether the kernel must be told a stride: several datagrams in one send.</summary>
    public bool IsSegmented => Datagrams > 1;
}
