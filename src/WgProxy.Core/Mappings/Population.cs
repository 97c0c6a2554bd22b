namespace WgProxy.Core.Mappings;

/// <summary>How many mappings there are of each kind. It is all that admission knows about mappings: it reads these numbers and
/// never a row. <see cref="MappingLifecycle"/> changes them.</summary>
internal sealed class Population
{
    private readonly ProofQueues _queues;
    private readonly PrefixShares _shares;

    /// <summary>A view of what these hold.</summary>
    public Population(ProofQueues queues, PrefixShares shares)
    {
        _queues = queues;
        _shares = shares;
    }

    /// <summary>Mappings that have a socket, or wait for one; lingering ones too.</summary>
    public int Live => _queues.Total;

    /// <summary>Mappings whose client has asked, and which the server has not answered.</summary>
    public int Asked => _queues.Count(Proof.Asked);

    /// <summary>Mappings that claim a tunnel, those on probation too.</summary>
    public int Claimed => _queues.Count(Proof.Claimed);

    /// <summary>Mappings that the server accepted.</summary>
    public int Proven => _queues.Count(Proof.Established) + _queues.Count(Proof.Confirmed);

    /// <summary>Mappings on probation.</summary>
    public int OnProbation { get; private set; }

    /// <summary>Unproven mappings of this kind that the prefix is charged for.</summary>
    public int Charged(Prefix prefix, Share share) => _shares.Count(prefix, share);

    /// <summary>So many more mappings are on probation. Called by <see cref="MappingLifecycle"/> only.</summary>
    public void CountProbation(int more) => OnProbation += more;
}
