using System.Net.Sockets;

namespace WgProxy.Diagnosis.Examinations;

/// <summary>Whether this host has a path to each server, and how long packets may be on it. Nothing is sent.</summary>
internal static class ServerPaths
{
    // A header of IPv4 or IPv6, one of UDP (8), and what WireGuard adds to data (32).
    private const int AroundDataIPv4 = 20 + 8 + 32;
    private const int AroundDataIPv6 = 40 + 8 + 32;

    // The MTU of WireGuard's interfaces by default, and the least of IPv6 (RFC 8200, section 5).
    private const int UsualMtu = 1_420;
    private const int LeastMtu = 1_280;

    /// <summary>Examines them.</summary>
    public static IEnumerable<Finding> Examine(Facts facts) => facts.Endpoints.SelectMany(Examine);

    private static IEnumerable<Finding> Examine(EndpointState endpoint)
    {
        AddressState[] usable = [.. endpoint.Addresses.Where(address => address is { Refusal: null, IsRelay: false })];
        bool hasPath = usable.Any(address => address.Path.Refusal is null);
        foreach (AddressState address in usable)
        {
            (string, object)[] values = [("server", endpoint.Title), ("address", address.Address), ("host", address.Address.Address)];
            if (address.Path.Refusal is { } reason)
            {
                yield return (hasPath ? FindingKinds.PathPartly : FindingKinds.PathMissing).With([.. values, ("reason", reason)]);
                continue;
            }

            int around = address.Address.AddressFamily == AddressFamily.InterNetwork ? AroundDataIPv4 : AroundDataIPv6;
            (string, object)[] more = [.. values, ("mtu", address.Path.Mtu), ("source", address.Path.Source!), ("client", address.Path.Mtu - around), ("least", LeastMtu + around)];
            yield return address.Path.Mtu switch
            {
                0 => FindingKinds.PathFound.With([.. values, ("mtu", "unknown"), ("source", address.Path.Source!)]),
                int mtu when mtu < LeastMtu + around => FindingKinds.PathTooNarrow.With(more),
                int mtu when mtu < UsualMtu + around => FindingKinds.PathNarrow.With(more),
                _ => FindingKinds.PathFound.With(more),
            };
        }
    }
}
