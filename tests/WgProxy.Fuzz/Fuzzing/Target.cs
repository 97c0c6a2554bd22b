using WgProxy.Core.Engine.Batching;

namespace WgProxy.Fuzz.Fuzzing;

/// <summary>Something that eats bytes that others chose, and what must hold for it.</summary>
internal abstract class Target
{
    /// <summary>Its name, and that of its corpus.</summary>
    public abstract string Name { get; }

    /// <summary>The longest input worth trying.</summary>
    public abstract int Longest { get; }

    /// <summary>Inputs begin with so many bytes of settings, and go on in records of <see cref="Record"/> bytes.</summary>
    public virtual int Head => 0;

    /// <summary>Size of the records that are moved about whole.</summary>
    public virtual int Record => 1;

    /// <summary>How many executions are a short run.</summary>
    public virtual long Short => 60_000;

    /// <summary>Bytes that mean something here.</summary>
    public virtual IReadOnlyList<byte[]> Words => [];

    /// <summary>What to begin with, beside the corpus.</summary>
    public virtual IReadOnlyList<byte[]> Seeds => [[]];

    /// <summary>Runs one input. Returns what went wrong; null if all holds. An exception is wrong too.</summary>
    public abstract string? Run(ReadOnlySpan<byte> input, Signal signal);

    /// <summary>What an input means, for whoever reads of a failure.</summary>
    public virtual string Describe(byte[] input) => Convert.ToHexString(input);
}
