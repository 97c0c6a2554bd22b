namespace WgProxy.Diagnosis.Examinations;

/// <summary>Whether connection tracking has room, and remembers flows for long enough.</summary>
internal static class FlowTracking
{
    private const int NearlyFull = 80;
    private const int Percent = 100;

    /// <summary>Examines it.</summary>
    public static IEnumerable<Finding> Examine(Facts facts)
    {
        if (facts.Firewall is { Tracking: null } || (facts.Tracking is null && facts.Firewall is not null))
        {
            yield return FindingKinds.FlowsUntracked.With();
        }

        if (facts.Tracking is not { } state)
        {
            yield break;
        }

        if (state.Dropped > 0)
        {
            yield return FindingKinds.FlowsDropped.With(("count", state.Dropped), ("more", 2 * state.Most));
        }

        if (state.Count * Percent > state.Most * NearlyFull)
        {
            yield return FindingKinds.FlowsNearlyFull.With(("count", state.Count), ("most", state.Most), ("more", 2 * state.Most));
        }

        if (facts.Firewall?.Tracking is { } place)
        {
            yield return FindingKinds.FlowsTracked.With(
                ("family", place.Family), ("table", place.Table), ("chain", place.Chain), ("count", state.Count), ("most", state.Most));
            if (state.Stream < facts.Timeout.TotalSeconds)
            {
                yield return FindingKinds.FlowsForgotten.With(("seconds", state.Stream), ("timeout", facts.Timeout.TotalSeconds));
            }
        }
    }
}
