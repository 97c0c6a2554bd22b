using System.Globalization;
using WgProxy.Fleet;

namespace WgProxy.Diagnosis.Examinations;

/// <summary>Whether the fleet's store can do what it is for.</summary>
internal static class FleetStores
{
    // Records carry the store's time, so this harms nothing of the fleet. Cookies and logs go by the host's.
    private const double MostSkew = 5;

    /// <summary>Examines it.</summary>
    public static IEnumerable<Finding> Examine(Facts facts)
    {
        if (facts.FleetStore is not (string address, StoreState state))
        {
            yield break;
        }

        if (state.IsReplica)
        {
            yield return FindingKinds.FleetStoreReplica.With(("store", address));
        }
        else if (state.Trouble is not null)
        {
            yield return FindingKinds.FleetStoreFails.With(("store", address), ("reason", state.Trouble));
        }
        else
        {
            yield return FindingKinds.FleetStoreTakes.With(("store", address));
        }

        if (state is { Policy: "noeviction", MostMemory: > 0 })
        {
            yield return FindingKinds.FleetStoreKeeps.With(("store", address));
        }
        else if (state.MostMemory == 0)
        {
            yield return FindingKinds.FleetStoreUnbounded.With(("store", address));
        }

        if (state.Ahead is { } ahead && Math.Abs(ahead) > MostSkew)
        {
            yield return FindingKinds.FleetClockDiffers.With(("seconds", Math.Abs(ahead).ToString("0", CultureInfo.InvariantCulture)), ("side", ahead > 0 ? "ahead of" : "behind"));
        }
    }
}
