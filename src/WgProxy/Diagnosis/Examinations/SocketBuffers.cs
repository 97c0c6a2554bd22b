using WgProxy.Core.Engine;

namespace WgProxy.Diagnosis.Examinations;

/// <summary>Whether socket buffers are as long as the relay wants them, and whether they have been full.</summary>
internal static class SocketBuffers
{
    /// <summary>Examines them.</summary>
    public static IEnumerable<Finding> Examine(Facts facts)
    {
        const int wanted = ListenPlan.Buffer;
        if (facts.Buffers is { } granted)
        {
            yield return granted.Receive < wanted || granted.Send < wanted
                ? FindingKinds.BuffersSmall.With(("receive", granted.Receive), ("send", granted.Send), ("wanted", wanted))
                : FindingKinds.BuffersGranted.With(("wanted", wanted));
        }

        ListenState[] full = [.. facts.Listening.Where(each => each.Port is { Dropped: > 0 })];
        if (full.Length > 0)
        {
            yield return FindingKinds.PortOverflowed.With(
                ("count", full.Sum(each => each.Port!.Dropped)), ("port", Ports.TextOf(full.Select(each => each.Listen.Port))), ("wanted", wanted));
        }

        if (facts.Overflowed is > 0 and long lost)
        {
            yield return FindingKinds.HostOverflowed.With(("count", lost));
        }
    }
}
