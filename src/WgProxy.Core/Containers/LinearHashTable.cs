using System.Numerics;

namespace WgProxy.Core.Containers;

/// <summary>
/// Entries in chains by a keyed hash, for tables that may hold many entries and mostly hold few. The memory that is touched grows
/// with the entries in use, not with the capacity. Chains are split one by one as entries are added (linear
/// hashing, Litwin 1980). So nothing is allocated after construction, and the table is never rebuilt at once.
/// </summary>
/// <remarks>One thread changes it. Other threads may walk a chain meanwhile. They may miss entries, but a chain is never
/// circular, so each walk ends.</remarks>
internal sealed class LinearHashTable<TEntry>
    where TEntry : struct
{
    private readonly Node[] _nodes;

    // Numbers of entries count from 1, so that untouched memory is an empty chain.
    private readonly int[] _heads;
    private int _chains = 1;
    private int _used;
    private int _free = -1;

    /// <summary>Room for <paramref name="capacity"/> entries.</summary>
    public LinearHashTable(int capacity)
    {
        _nodes = new Node[capacity];
        _heads = new int[capacity];
    }

    /// <summary>Entries there are.</summary>
    public int Count { get; private set; }

    /// <summary>The entry with this number.</summary>
    public ref TEntry this[int entry] => ref _nodes[entry].Value;

    /// <summary>The first entry of the chain to which this hash leads; negative if there is none.</summary>
    public int First(ulong hash) => _heads[ChainOf((uint)hash)] - 1;

    /// <summary>The entry behind this one; negative if there is none.</summary>
    public int Next(int entry) => _nodes[entry].Next;

    /// <summary>Adds an entry. There must be room for it.</summary>
    public void Add(ulong hash, in TEntry value)
    {
        if (Count == _chains)
        {
            Split();
        }

        int entry = _free < 0 ? _used++ : _free;
        if (entry == _free)
        {
            _free = Freed(_nodes[entry].Next);
        }

        _nodes[entry].Hash = (uint)hash;
        _nodes[entry].Value = value;
        Put(entry);
        Count++;
    }

    /// <summary>Removes an entry.</summary>
    public void Remove(int entry)
    {
        ref int link = ref _heads[ChainOf(_nodes[entry].Hash)];
        if (link == entry + 1)
        {
            link = _nodes[entry].Next + 1;
        }
        else
        {
            int before = link - 1;
            while (_nodes[before].Next != entry)
            {
                before = _nodes[before].Next;
            }

            _nodes[before].Next = _nodes[entry].Next;
        }

        _nodes[entry].Next = Freed(_free);
        _free = entry;
        Count--;
    }

    // A free entry names the next free one by a negative number, which ends every walk.
    private static int Freed(int next) => -2 - next;

    /// <summary>Splits the next chain in turn.</summary>
    private void Split()
    {
        int half = (int)BitOperations.RoundUpToPowerOf2((uint)_chains + 1) / 2;
        ref int head = ref _heads[_chains - half];
        int entry = head - 1;
        head = 0;
        _chains++;
        while (entry >= 0)
        {
            int next = _nodes[entry].Next;
            Put(entry);
            entry = next;
        }
    }

    private void Put(int entry)
    {
        ref int head = ref _heads[ChainOf(_nodes[entry].Hash)];
        _nodes[entry].Next = head - 1;
        head = entry + 1;
    }

    // A chain that has not been split in this round uses one bit less.
    private int ChainOf(uint hash)
    {
        uint chains = (uint)Volatile.Read(ref _chains);
        uint mask = BitOperations.RoundUpToPowerOf2(chains) - 1;
        uint chain = hash & mask;
        return (int)(chain < chains ? chain : chain & (mask >> 1));
    }

    private struct Node
    {
        public uint Hash;
        public int Next;
        public TEntry Value;
    }
}
