using System.Net;

namespace WgProxy.Core.Engine;

/// <summary>What an engine that listens must bind and give up to listen on other addresses. It is the same for every engine.</summary>
/// <param name="Added">What is to be bound.</param>
/// <param name="Kept">What stays as it is.</param>
/// <param name="Removed">What is to be given up.</param>
internal sealed record ListenChange(IReadOnlyList<ListenPlan> Added, IReadOnlyList<IPEndPoint> Kept, IReadOnlyList<IPEndPoint> Removed)
{
    /// <summary>The change.</summary>
    /// <param name="former">What the operator asked for before.</param>
    /// <param name="listening">What is bound now.</param>
    /// <param name="wanted">What the operator asks for.</param>
    /// <param name="has">See <see cref="ListenPlan.Of"/>.</param>
    /// <exception cref="EngineException">What is to be bound has addresses in common with what is to be given up, so it cannot be bound first.</exception>
    public static ListenChange Of(
        IReadOnlyList<IPEndPoint> former, IReadOnlyList<IPEndPoint> listening, IReadOnlyList<IPEndPoint> wanted, Func<bool, bool> has)
    {
        HashSet<IPEndPoint> kept = [];
        List<ListenPlan> added = [];
        foreach (IPEndPoint each in wanted)
        {
            ListenPlan plan = ListenPlan.Of(each, has);

            // A port that the system has drawn stays, if it is still asked for as any.
            IPEndPoint[] there = plan.Port != 0 ? [.. plan.EndPoints.Intersect(listening)]
                : former.Contains(each) ? [.. listening.Where(bound => plan.Addresses.Contains(bound.Address) && former.All(other => other.Port != bound.Port))]
                : [];
            kept.UnionWith(there);
            IPAddress[] missing = [.. plan.Addresses.Except(there.Select(bound => bound.Address))];
            if (missing.Length > 0)
            {
                added.Add(plan with { Addresses = missing });
            }
        }

        ListenChange change = new(added, [.. listening.Where(kept.Contains)], [.. listening.Where(bound => !kept.Contains(bound))]);
        change.RefuseOverlap();
        return change;
    }

    private void RefuseOverlap()
    {
        foreach (IPEndPoint added in Added.SelectMany(plan => plan.EndPoints))
        {
            if (Removed.FirstOrDefault(removed => removed.Port == added.Port && removed.AddressFamily == added.AddressFamily
                && (ListenPlaces.IsWildcard(removed.Address) || ListenPlaces.IsWildcard(added.Address))) is { } other)
            {
                throw new EngineException($"cannot listen on {added} before the relay has given up {other}, which has addresses in common with it: remove that first, by a reload of its own")
                {
                    Cause = EngineRefusal.Listen,
                    Port = added.Port,
                };
            }
        }
    }
}
