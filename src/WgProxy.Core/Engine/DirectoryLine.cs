#pragma warning disable RS0030 // Interlocked: here threads meet, between turns and not on the packet path.

namespace WgProxy.Core.Engine;

/// <summary>What one owner of a relay seeks in the directory, and what it is told, between its turns. Bounded, and without a lock.</summary>
/// <param name="directory">Where it seeks.</param>
/// <param name="owner">The owner's number.</param>
internal sealed class DirectoryLine(DirectorySettings directory, int owner)
{
    private DirectoryAnswer? _posted;
    private DirectoryAnswer? _taken;
    private int _waiting;

    /// <summary>Tells of a tunnel. False if too many wait. May be called from any thread.</summary>
    public bool Post(DirectoryAnswer answer)
    {
        if (Interlocked.Increment(ref _waiting) > Limits.AnswersWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            return false;
        }

        DirectoryAnswer? head;
        do
        {
            head = Volatile.Read(ref _posted);
            answer.Next = head;
        }
        while (Interlocked.CompareExchange(ref _posted, answer, head) != head);
        return true;
    }

    /// <summary>Works for one turn. Whether there is more to do in the next. Called by the owner, between two turns.</summary>
    public bool Continue(Relay relay, Tick now)
    {
        for (int i = 0; i < Limits.AnswersPerTurn && TryTake() is DirectoryAnswer answer; i++)
        {
            relay.Found(answer.Sought.Index, answer.Record, now);
        }

        for (int i = 0; i < Limits.SoughtPerTurn && relay.TryTakeSought(out uint index); i++)
        {
            // One that there is no room for is sought again when its next packet comes.
            _ = directory.Seek(new SoughtIndex(index, owner));
        }

        return relay.HasSought || _taken is not null;
    }

    // In no order: each answer is about another tunnel.
    private DirectoryAnswer? TryTake()
    {
        _taken ??= Volatile.Read(ref _posted) is null ? null : Interlocked.Exchange(ref _posted, null);
        DirectoryAnswer? answer = _taken;
        if (answer is not null)
        {
            (_taken, answer.Next) = (answer.Next, null);
            Interlocked.Decrement(ref _waiting);
        }

        return answer;
    }
}
