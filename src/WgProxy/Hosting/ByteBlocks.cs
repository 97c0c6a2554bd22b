namespace WgProxy.Hosting;

/// <summary>
/// Blocks of bytes that answers are written into. A block that is given back is lent again, so that answers leave the collector nothing to do: it
/// stops the threads that move datagrams too. The runtime's own pool keeps arrays for each thread and size, and so made new ones of megabytes.
/// </summary>
/// <param name="most">How many blocks are kept while nothing is written.</param>
internal sealed class ByteBlocks(int most)
{
    /// <summary>The length of a block: small enough for the heap of small objects, which ends at 85,000 bytes.</summary>
    public const int Length = 32 * 1024;

    // A page of figures has 5 MB at most.
    private const int MostShared = 160;

    private readonly Lock _lock = new();
    private readonly byte[][] _kept = new byte[most][];
    private int _count;

    /// <summary>Those of the program.</summary>
    public static ByteBlocks Shared { get; } = new(MostShared);

    /// <summary>Lends a block.</summary>
    public byte[] Lend()
    {
        lock (_lock)
        {
            if (_count > 0)
            {
                return _kept[--_count];
            }
        }

        return GC.AllocateUninitializedArray<byte>(Length);
    }

    /// <summary>Takes a block back. An array of another length is none, and is left to the collector.</summary>
    public void TakeBack(byte[] block)
    {
        lock (_lock)
        {
            if (block.Length == Length && _count < _kept.Length)
            {
                _kept[_count++] = block;
            }
        }
    }
}
