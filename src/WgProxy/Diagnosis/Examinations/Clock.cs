namespace WgProxy.Diagnosis.Examinations;

/// <summary>Whether the clock can be right.</summary>
internal static class Clock
{
    private static readonly DateTimeOffset Made = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Examines it.</summary>
    public static IEnumerable<Finding> Examine(Facts facts)
    {
        if (facts.Now is { } now && now < Made)
        {
            yield return FindingKinds.ClockWrong.With(("date", $"{now:yyyy-MM-dd}"));
        }
        else if (facts.IsClockSynchronised is bool isRight)
        {
            yield return (isRight ? FindingKinds.ClockRight : FindingKinds.ClockAlone).With();
        }
    }
}
