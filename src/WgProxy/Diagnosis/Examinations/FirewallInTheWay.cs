using WgProxy.Linux.Firewall;

namespace WgProxy.Diagnosis.Examinations;

/// <summary>What the firewall does with what the relay receives and sends.</summary>
internal static class FirewallInTheWay
{
    /// <summary>Examines it.</summary>
    public static IEnumerable<Finding> Examine(Facts facts)
    {
        if (facts.Firewall is not { } firewall)
        {
            return [];
        }

        // One rule may stop both IP versions and many servers, and is one finding.
        Finding[] findings =
        [
            .. firewall.Flows.Where(flow => KindOf(flow) is not null)
                .Select(flow => KindOf(flow)!.With(
                    ("what", flow.What), ("match", flow.Match), ("family", flow.Answer!.Family), ("table", flow.Answer.Table), ("chain", flow.Answer.Chain)))
                .DistinctBy(finding => finding.Text, StringComparer.Ordinal),
        ];
        return findings.Length > 0 ? findings : [FindingKinds.FirewallPasses.With(("count", firewall.Rules))];
    }

    private static FindingKind? KindOf(FlowState flow) => flow.Answer?.Outcome switch
    {
        FirewallOutcome.Dropped => FindingKinds.FirewallDrops,
        FirewallOutcome.Redirected => FindingKinds.FirewallRedirects,
        FirewallOutcome.MayBeDropped => FindingKinds.FirewallMayDrop,
        FirewallOutcome.MayBeRedirected => FindingKinds.FirewallMayRedirect,
        _ => null,
    };
}
