using WgProxy.Diagnosis.Examinations;

namespace WgProxy.Diagnosis;

/// <summary>All examinations of a host.</summary>
/// <param name="Findings">What they found, the worst first.</param>
/// <param name="Unseen">What could not be seen.</param>
internal sealed record HostDiagnosis(IReadOnlyList<Finding> Findings, IReadOnlyList<Unseen> Unseen)
{
    private static readonly Func<Facts, IEnumerable<Finding>>[] Examinations =
    [
        ListenPort.Examine,
        ServerAnswers.Examine,
        ServerPaths.Examine,
        FirewallInTheWay.Examine,
        FlowTracking.Examine,
        SocketBuffers.Examine,
        Room.Examine,
        Families.Examine,
        Privileges.Examine,
        KernelParts.Examine,
        Clock.Examine,
        FleetStores.Examine,
    ];

    /// <summary>Examines what was seen of a host.</summary>
    public static HostDiagnosis Of(Facts facts) =>
        new([.. Examinations.SelectMany(examine => examine(facts)).OrderByDescending(finding => finding.Kind.Severity)], facts.Unseen);

    /// <summary>How many findings are of a severity.</summary>
    public int Count(Severity severity) => Findings.Count(finding => finding.Kind.Severity == severity);
}
