using System.Net;
using System.Net.Sockets;

namespace WgProxy.Diagnosis.Examinations;

/// <summary>By which IP versions clients can reach the relay.</summary>
internal static class Families
{
    /// <summary>Examines them.</summary>
    public static IEnumerable<Finding> Examine(Facts facts)
    {
        // A relay that listens on one address has decided.
        if (facts.HasIPv4 is not bool hasIPv4 || facts.HasIPv6 is not bool hasIPv6)
        {
            yield break;
        }

        bool wantsIPv6 = facts.Listening.Any(each => each.Listen.Address.Equals(IPAddress.IPv6Any));
        bool wantsIPv4 = wantsIPv6 || facts.Listening.Any(each => each.Listen.AddressFamily == AddressFamily.InterNetwork);
        if (wantsIPv6 && facts.IsIPv6Disabled)
        {
            yield return FindingKinds.IPv6Disabled.With();
        }
        else if (wantsIPv6 && !hasIPv6)
        {
            yield return FindingKinds.FamilyMissing.With(("family", "IPv6"));
        }

        if (wantsIPv4 && !hasIPv4)
        {
            yield return FindingKinds.FamilyMissing.With(("family", "IPv4"));
        }

        if (hasIPv4 || hasIPv6)
        {
            yield return FindingKinds.FamiliesThere.With(("families", hasIPv4 && hasIPv6 ? "IPv4 and IPv6" : hasIPv4 ? "IPv4" : "IPv6"));
        }
    }
}
