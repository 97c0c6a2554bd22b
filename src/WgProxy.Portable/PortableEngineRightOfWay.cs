namespace WgProxy.Portable;

/// <summary>
/// Data have the right of way before initiations. All threads of a <see cref="PortableEngine"/> take turns under one lock, which is not
/// fair: who has just left it is there again before who waits has woken up. Judging an initiation takes up to 117 µs where there are 1,000
/// servers, and a flood of them would hold the lock nearly all the time. So the thread that reads initiations looks first whether
/// data wait, and lets them go.
/// </summary>
internal sealed class PortableEngineRightOfWay
{
    /// <summary>How often one initiation gives way at the most: a flood of data must not keep newcomers out.</summary>
    public const int Most = 64;

    private int _waiting;
    private long _given;

    /// <summary>How many threads with data wait for the lock.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>How often initiations gave way.</summary>
    public long Given => Interlocked.Read(ref _given);

    /// <summary>A thread with data is about to take the lock.</summary>
    public void Wait() => Interlocked.Increment(ref _waiting);

    /// <summary>It has the lock.</summary>
    public void Enter() => Interlocked.Decrement(ref _waiting);

    /// <summary>A thread with an initiation, which does not have the lock, gives way while data wait.</summary>
    public void GiveWay()
    {
        SpinWait spin = default;
        for (int times = 0; times < Most && Waiting > 0; times++)
        {
            // Gives the processor away and never sleeps: a millisecond would be longer than data need.
            spin.SpinOnce(sleep1Threshold: -1);
            Interlocked.Increment(ref _given);
        }
    }
}
