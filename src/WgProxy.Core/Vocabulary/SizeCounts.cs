using System.Numerics;

namespace WgProxy.Core.Vocabulary;

/// <summary>How often each size from 1 to 64 came, by powers of two: entry n counts those above 2ⁿ⁻¹ and up to 2ⁿ. One writer, plain longs.</summary>
public sealed class SizeCounts
{
    /// <summary>How many entries there are.</summary>
    public const int Entries = 7;

    private readonly long[] _counts = new long[Entries];

    /// <summary>How often sizes of an entry came.</summary>
    public long this[int entry] => _counts[entry];

    /// <summary>The greatest size of an entry.</summary>
    public static int Bound(int entry) => 1 << entry;

    /// <summary>Counts a size.</summary>
    /// <param name="size">At least 1; what is above 64 is counted with the last entry.</param>
    /// <param name="times">How often it came.</param>
    internal void Count(int size, int times = 1) => _counts[Math.Min(BitOperations.Log2((uint)(2 * size) - 1), Entries - 1)] += times;

    /// <summary>Adds the numbers of another.</summary>
    internal void Add(SizeCounts other)
    {
        for (int entry = 0; entry < Entries; entry++)
        {
            _counts[entry] += other._counts[entry];
        }
    }

    /// <summary>Counts nothing again.</summary>
    internal void Clear() => Array.Clear(_counts);
}
