namespace WgProxy.Diagnosis.Examinations;

/// <summary>What the engine uses of the kernel: joined datagrams, steering and io_uring.</summary>
internal static class KernelParts
{
    private const string ForbiddenForAll = "2";
    private const string ForbiddenForMost = "1";

    /// <summary>Examines it.</summary>
    public static IEnumerable<Finding> Examine(Facts facts)
    {
        if (!facts.UsesLinuxEngine)
        {
            return [FindingKinds.EnginePortable.With()];
        }

        return facts.MaySegment ? Joined(facts).Concat(Calls(facts)) : Steering(facts);
    }

    private static IEnumerable<Finding> Joined(Facts facts)
    {
        (string, object) release = ("release", facts.Release);
        if (facts.Segmentation is { } trial)
        {
            yield return trial switch
            {
                { Intact: false } => FindingKinds.JoinedBroken.With(release),
                { Refusal: not null } => FindingKinds.JoinedRefused.With(release, ("reason", trial.Refusal)),
                { Joined: false } => FindingKinds.JoinedNot.With(release),
                _ when !facts.Kernel.CanCoalesce => FindingKinds.JoinedNot.With(release),
                _ => FindingKinds.JoinedWorks.With(),
            };
        }

        if (facts.Kernel.CorruptsEvenTrains)
        {
            yield return FindingKinds.TrainsCorrupted.With(release);
        }
    }

    private static IEnumerable<Finding> Steering(Facts facts)
    {
        if (facts.CanSteer is false)
        {
            yield return FindingKinds.SteeringRefused.With();
        }
    }

    private static IEnumerable<Finding> Calls(Facts facts)
    {
        foreach (Finding finding in Steering(facts))
        {
            yield return finding;
        }

        if (facts.HasIoUring is false)
        {
            bool isForbidden = facts.IoUringDisabled is ForbiddenForAll or ForbiddenForMost;
            yield return FindingKinds.IoUringRefused.With(
                ("mend", isForbidden ? "sysctl -w kernel.io_uring_disabled=0" : "allow io_uring_setup and io_uring_enter in the sandbox (SystemCallFilter=, seccomp)"));
        }

        if (facts is { CanSteer: true, HasIoUring: true })
        {
            yield return FindingKinds.KernelParts.With(("release", facts.Release));
        }
    }
}
