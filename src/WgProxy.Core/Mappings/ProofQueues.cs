namespace WgProxy.Core.Mappings;

/// <summary>Slots by proof, each queue in the order of arrival, so that the oldest of the least proven is at hand when
/// room is needed.</summary>
internal sealed class ProofQueues
{
    private static readonly int Proofs = Enum.GetValues<Proof>().Length;

    // One ring per proof, threaded through two arrays; the heads sit behind the slots.
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly int[] _counts = new int[Proofs];
    private readonly int _heads;

    /// <summary>Empty queues over slots 0 to <paramref name="slots"/> − 1.</summary>
    public ProofQueues(int slots)
    {
        _heads = slots;
        _next = new int[slots + Proofs];
        _previous = new int[slots + Proofs];
        for (int head = slots; head < slots + Proofs; head++)
        {
            _next[head] = _previous[head] = head;
        }
    }

    /// <summary>Slots in all queues together.</summary>
    public int Total { get; private set; }

    /// <summary>Slots of a proof.</summary>
    public int Count(Proof proof) => _counts[(int)proof];

    /// <summary>The slot that has been in the queue longest; -1 if it is empty.</summary>
    public int Oldest(Proof proof) => Count(proof) == 0 ? -1 : _next[_heads + (int)proof];

    /// <summary>Appends a slot that is in no queue.</summary>
    public void Append(int slot, Proof proof)
    {
        int head = _heads + (int)proof;
        int last = _previous[head];
        (_next[last], _previous[slot], _next[slot], _previous[head]) = (slot, last, head, slot);
        _counts[(int)proof]++;
        Total++;
    }

    /// <summary>Takes a slot out of the queue of <paramref name="proof"/>, in which it is.</summary>
    public void Remove(int slot, Proof proof)
    {
        (_next[_previous[slot]], _previous[_next[slot]]) = (_next[slot], _previous[slot]);
        _counts[(int)proof]--;
        Total--;
    }
}
