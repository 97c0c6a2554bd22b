using System.Runtime.CompilerServices;

namespace WgProxy.Core.Containers;

/// <summary>
/// The next deadline among all slots: a binary heap that knows where each slot sits, so that every slot has exactly one
/// entry. The entry may be earlier than the slot's true deadline, because a packet only moves the row's own field. It is
/// corrected when it comes up.
/// </summary>
internal sealed class DeadlineHeap
{
    private readonly int[] _heap;
    private readonly int[] _position;
    private readonly Tick[] _at;
    private int _count;

    /// <summary>A heap for slots 0 to <paramref name="slots"/> − 1, without entries.</summary>
    public DeadlineHeap(int slots)
    {
        _heap = new int[slots];
        _position = new int[slots];
        _at = new Tick[slots];
        Array.Fill(_position, -1);
    }

    /// <summary>Slots that have an entry.</summary>
    public int Count => _count;

    /// <summary>The earliest entry; <see cref="Tick.Never"/> if there is none.</summary>
    public Tick Next => _count == 0 ? Tick.Never : _at[_heap[0]];

    /// <summary>The slot of the earliest entry. There must be one.</summary>
    public int First => _heap[0];

    /// <summary>Sets the slot's entry.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Set(int slot, Tick at)
    {
        if (_position[slot] < 0)
        {
            _position[slot] = _count;
            _heap[_count++] = slot;
        }

        _at[slot] = at;
        Up(_position[slot]);
        Down(_position[slot]);
    }

    /// <summary>Sets the slot's entry if it would come too late.</summary>
    public void NoLaterThan(int slot, Tick at)
    {
        if (_position[slot] < 0 || at < _at[slot])
        {
            Set(slot, at);
        }
    }

    /// <summary>Removes the slot's entry.</summary>
    public void Remove(int slot)
    {
        int hole = _position[slot];
        int last = _heap[--_count];
        _position[slot] = -1;
        if (last != slot)
        {
            _heap[hole] = last;
            _position[last] = hole;
            Up(hole);
            Down(_position[last]);
        }
    }

    private void Up(int at)
    {
        while (at > 0 && _at[_heap[at]] < _at[_heap[(at - 1) / 2]])
        {
            Swap(at, (at - 1) / 2);
            at = (at - 1) / 2;
        }
    }

    private void Down(int at)
    {
        while (true)
        {
            int least = at;
            for (int child = (2 * at) + 1; child <= (2 * at) + 2 && child < _count; child++)
            {
                least = _at[_heap[child]] < _at[_heap[least]] ? child : least;
            }

            if (least == at)
            {
                return;
            }

            Swap(at, least);
            at = least;
        }
    }

    private void Swap(int a, int b)
    {
        (_heap[a], _heap[b]) = (_heap[b], _heap[a]);
        _position[_heap[a]] = a;
        _position[_heap[b]] = b;
    }
}
