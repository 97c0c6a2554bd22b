namespace WgProxy.Linux.Workers;

/// <summary>
/// How many initiations a worker judges in a turn. Judging one costs as much as relaying several datagrams of data, and more where there
/// are many servers, because it is compared with the keys of all. So the worker judges a bounded number between two looks at
/// data, and fewer if each is compared with many keys. What it has read beyond that waits in its buffers.
/// </summary>
/// <remarks>By the number of receives alone, a turn took 50 ms: with 1,000 servers, a comparison takes 52 µs (AVX2), and a receive
/// brings up to 64 initiations of one source.</remarks>
internal struct InitiationBudget
{
    /// <summary>Initiations per turn, if each is compared with at most <see cref="StepsEach"/> times eight keys.</summary>
    public const int PerTurn = 16;

    /// <summary>Steps of <see cref="Core.Relay.KeySteps"/> that an initiation may cost to count as one: so that a turn has at most 1,024 in all, which
    /// take from 0.2 ms (AVX-512) to 1 ms (128 bits), and one initiation more.</summary>
    public const int StepsEach = 64;

    private long _credit;

    /// <summary>One that is never used up: for data.</summary>
    public static InitiationBudget Unlimited => new() { _credit = long.MaxValue };

    /// <summary>Whether one more may be judged now.</summary>
    public readonly bool IsLeft => _credit > 0;

    /// <summary>Begins a turn. An unused budget is not saved, and what was used beyond it is made up for.</summary>
    public void Begin() => _credit = Math.Min(_credit, 0) + (PerTurn * StepsEach);

    /// <summary>One was judged.</summary>
    /// <param name="steps">How many steps it was compared for.</param>
    public void Take(long steps) => _credit -= Math.Max(StepsEach, steps);
}
