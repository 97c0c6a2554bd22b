namespace WgProxy.Diagnosis.Examinations;

/// <summary>Whether the names of servers lead to addresses that can be theirs.</summary>
internal static class ServerAnswers
{
    // glibc waits 5 s for a name server before it asks the next one.
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(2);

    /// <summary>Examines them.</summary>
    public static IEnumerable<Finding> Examine(Facts facts) => facts.Endpoints.Count == 0
        ? [FindingKinds.ServerNotNamed.With()]
        : facts.Endpoints.SelectMany(Examine);

    private static IEnumerable<Finding> Examine(EndpointState endpoint)
    {
        if (endpoint.Failure is not null)
        {
            yield return FindingKinds.NameUnknown.With(("server", endpoint.Title), ("reason", endpoint.Failure), ("host", endpoint.Host));
        }

        foreach (AddressState address in endpoint.Addresses)
        {
            (string, object)[] values = [("server", endpoint.Title), ("address", address.Address.Address), ("host", endpoint.Host)];
            if (address.IsRelay)
            {
                yield return FindingKinds.NameIsRelay.With(values);
            }
            else if (address.Refusal is not null)
            {
                yield return FindingKinds.NameUnusable.With([.. values, ("reason", address.Refusal)]);
            }
        }

        if (endpoint.IsName && endpoint.Took > Slow)
        {
            yield return FindingKinds.NameSlow.With(("server", endpoint.Title), ("seconds", $"{endpoint.Took.TotalSeconds:0.0}"));
        }

        if (endpoint.IsName && endpoint.Addresses.Any(address => address is { Refusal: null, IsRelay: false }))
        {
            yield return FindingKinds.NameFound.With(
                ("server", endpoint.Title), ("addresses", string.Join(" and ", endpoint.Addresses.Select(address => address.Address.Address))));
        }
    }
}
