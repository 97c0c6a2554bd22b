namespace WgProxy.Diagnosis.Examinations;

/// <summary>What the relay may not do for want of a capability.</summary>
internal static class Privileges
{
    /// <summary>Examines it.</summary>
    public static IEnumerable<Finding> Examine(Facts facts)
    {
        if (facts.Privileges is not { } process)
        {
            yield break;
        }

        if (facts.Mark != 0 && !process.HasNetAdmin && !process.HasNetRaw)
        {
            yield return FindingKinds.MarkForbidden.With(("who", process.Who), ("mark", $"0x{facts.Mark:x}"));
        }

        yield return (process.HasNetAdmin ? FindingKinds.PrivilegesEnough : FindingKinds.PrivilegesFew).With(("who", process.Who));
    }
}
