namespace WgProxy.Linux.Workers;

/// <summary>
/// How many initiations are judged in a turn: judging one costs as much as relaying several datagrams of data, so of a flood
/// only so many are read between one look at data and the next. It counts datagrams, not receives: neighbours of one source may
/// come as a run of 64 in one receive. What a run has taken beyond the budget is made good by the turns that follow.
/// </summary>
internal struct InitiationBudget
{
    /// <summary>Initiations per turn, on average.</summary>
    public const int PerTurn = 16;

    private int _credit;
    private int _perReceive;

    /// <summary>Receives that may be asked for now.</summary>
    public readonly int Receives => _credit <= 0 ? 0 : Math.Max(1, _credit / Math.Max(1, _perReceive));

    /// <summary>A turn begins: what was not used before is not saved up.</summary>
    public void Begin() => _credit = Math.Min(_credit, 0) + PerTurn;

    /// <summary>So many came. The next receives are expected to bring as many each.</summary>
    public void Take(int receives, int datagrams)
    {
        if (receives > 0)
        {
            _credit -= datagrams;
            _perReceive = (datagrams + receives - 1) / receives;
        }
    }
}
