using System.Runtime.CompilerServices;

namespace WgProxy.Core.Containers;

/// <summary>The sender indices of the last initiations of one end (<see cref="Limits.InitiationsPerEnd"/>).</summary>
internal struct IndexRing
{
    private const int Size = Limits.InitiationsPerEnd;

    private Items _items;
    private byte _count;
    private byte _next;

    /// <summary>Remembers an index, forgetting the oldest if the ring is full.</summary>
    public void Add(uint index)
    {
        if (Contains(index))
        {
            return;
        }

        _items[_next] = index;
        _next = (byte)((_next + 1) % Size);
        _count = (byte)Math.Min(_count + 1, Size);
    }

    /// <summary>Holds these items from now on, as <see cref="CopyTo"/> gave them.</summary>
    public void Restore(ReadOnlySpan<uint> items, byte count, byte next)
    {
        items[..Size].CopyTo(_items);
        (_count, _next) = (Math.Min(count, (byte)Size), (byte)(next % Size));
    }

    /// <summary>Copies the items, and says how many mean something and where the next one goes.</summary>
    public readonly void CopyTo(Span<uint> items, out byte count, out byte next)
    {
        ((ReadOnlySpan<uint>)_items).CopyTo(items);
        (count, next) = (_count, _next);
    }

    /// <summary>Whether the index is among the last eight.</summary>
    public readonly bool Contains(uint index) => ((ReadOnlySpan<uint>)_items)[.._count].Contains(index);

    [InlineArray(Size)]
    private struct Items
    {
        private uint _first;
    }
}
