using System.Numerics;
using WgProxy.Core.Containers;

namespace WgProxy.Core.Tunnels;

/// <summary>
/// Shows at a glance which workers may know an index. Each hash of an index has a row, which counts for each worker its indices
/// with this hash. Asking every neighbour's table for unknown indices would cost more with every worker. The hash is keyed,
/// because an attacker may choose indices. Nothing is allocated after construction.
/// </summary>
/// <remarks>
/// A count has one writer, its worker, and is a byte, which no processor writes in parts (ECMA-335, I.12.6.6); all read it
/// without a lock. A worker counts an index before the message that names it leaves, and a client brings it to another worker
/// only after: the kernel's own locks on that way order the two. A reader that comes earlier sees what was true before,
/// as if its datagram had come sooner.
/// </remarks>
internal sealed class IndexSketch
{
    // So that with a full table, two indices to a tunnel, half of the rows are empty.
    private const int RowsPerSlot = 3;

    private readonly byte[] _counts;
    private readonly int _workers;
    private readonly uint _mask;
    private readonly ulong _k0;
    private readonly ulong _k1;

    /// <summary>A sketch for so many workers, which have so many slots together.</summary>
    public IndexSketch(int workers, int slots, (ulong K0, ulong K1) seed)
    {
        uint rows = BitOperations.RoundUpToPowerOf2((uint)Math.Max(slots * RowsPerSlot, 1));
        _counts = new byte[rows * workers];
        _workers = workers;
        _mask = rows - 1;

        // Other than in the tables: who learned something of the one hash has learned nothing of the other.
        _k0 = SipHash.Hash(seed.K0, seed.K1, 0x736B6574_00000000);
        _k1 = SipHash.Hash(seed.K0, seed.K1, 0x736B6574_00000001);
    }

    /// <summary>Of one worker without neighbours.</summary>
    public static IndexSketch Empty { get; } = new(1, 0, default);

    /// <summary>The worker has one index more. A count that is full stays so: then its neighbours ask in vain.</summary>
    public void Add(int worker, uint index)
    {
        ref byte count = ref CountOf(worker, index);
        Volatile.Write(ref count, (byte)Math.Min(count + 1, byte.MaxValue));
    }

    /// <summary>The worker has one index less.</summary>
    public void Remove(int worker, uint index)
    {
        ref byte count = ref CountOf(worker, index);
        Volatile.Write(ref count, (byte)(count == byte.MaxValue ? byte.MaxValue : count - 1));
    }

    /// <summary>Whether the worker may have the index; false is certain.</summary>
    public bool MayHave(int worker, uint index) => Volatile.Read(ref CountOf(worker, index)) != 0;

    /// <summary>Whether another worker than this one may have the index.</summary>
    public bool MayBeElsewhere(int worker, uint index)
    {
        Span<byte> row = _counts.AsSpan(RowOf(index), _workers);
        return row[..worker].ContainsAnyExcept((byte)0) || row[(worker + 1)..].ContainsAnyExcept((byte)0);
    }

    private ref byte CountOf(int worker, uint index) => ref _counts[RowOf(index) + worker];

    private int RowOf(uint index) => (int)((uint)SipHash.Hash(_k0, _k1, index) & _mask) * _workers;
}
