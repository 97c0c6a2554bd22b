namespace WgProxy.Linux.Workers;

/// <summary>
/// How many initiations a worker judges in a turn. Judging one costs as much as relaying several datagrams of data. So
/// the worker reads a bounded number between two looks at data. The budget counts datagrams, not receives, because neighbours of one source may
/// come as a run of 64 in one receive. Later turns make up for a run that exceeds the budget.
/// </summary>
internal struct InitiationBudget
{
    /// <summary>Initiations per turn, on average.</summary>
    public const int PerTurn = 16;

    private int _credit;
    private int _perReceive;

    /// <summary>Receives that may be asked for now.</summary>
    public readonly int Receives => _credit <= 0 ? 0 : Math.Max(1, _credit / Math.Max(1, _perReceive));

    /// <summary>Begins a turn. An unused budget is not saved.</summary>
    public void Begin() => _credit = Math.Min(_credit, 0) + PerTurn;

    /// <summary>Takes the result of a read. The next receives are expected to bring as many datagrams each.</summary>
    public void Take(int receives, int datagrams)
    {
        if (receives > 0)
        {
            _credit -= datagrams;
            _perReceive = (datagrams + receives - 1) / receives;
        }
    }
}
