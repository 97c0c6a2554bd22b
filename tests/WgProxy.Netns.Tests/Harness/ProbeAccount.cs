namespace WgProxy.Netns.Tests.Harness;

/// <summary>What became of every probe of a stream: when it was sent, and when it arrived if it did.</summary>
internal sealed record ProbeAccount(TimeSpan[] SentAt, TimeSpan?[] ArrivedAt, int Damaged, int Duplicates)
{
    public int Sent => SentAt.Length;

    public int Lost => LostAfter(TimeSpan.Zero);

    /// <summary>Lost among those sent from this instant of the stream on.</summary>
    public int LostAfter(TimeSpan start) => SentAt.Zip(ArrivedAt).Count(probe => probe.First >= start && probe.Second == null);

    /// <summary>Lost among those sent from one instant of the stream to another.</summary>
    public int LostBetween(TimeSpan start, TimeSpan end) => LostAfter(start) - LostAfter(end);

    /// <summary>The longest time from one arrival to the next.</summary>
    public TimeSpan LongestSilence
    {
        get
        {
            TimeSpan[] instants = [.. ArrivedAt.OfType<TimeSpan>().Order()];
            return instants.Skip(1).Zip(instants).Max(pair => pair.First - pair.Second);
        }
    }

    /// <summary>How long such a share of those that arrived took at most.</summary>
    public TimeSpan Took(double share)
    {
        TimeSpan[] times = [.. SentAt.Zip(ArrivedAt).Where(probe => probe.Second != null).Select(probe => probe.Second!.Value - probe.First).Order()];
        return times[(int)(share * (times.Length - 1))];
    }

    /// <summary>Fails the test unless every probe sent from this instant on arrived, whole and once.</summary>
    public void AssertNoneLost(int atLeast, TimeSpan after = default)
    {
        Assert.True(Sent >= atLeast, $"only {Sent} probes were sent, {atLeast} were due");
        Assert.True(LostAfter(after) == 0 && Damaged == 0, ToString());
    }

    public override string ToString()
    {
        const int shown = 20;
        string[] lost =
        [
            .. SentAt.Zip(ArrivedAt).Index()
                .Where(probe => probe.Item.Second == null)
                .Select(probe => $"#{probe.Index} at {probe.Item.First.TotalSeconds:0.000} s"),
        ];
        string which = lost.Length == 0 ? "" : $" ({string.Join(", ", lost.Take(shown))}{(lost.Length > shown ? ", and more" : "")})";
        return $"{Sent} sent, {lost.Length} lost{which}, {Damaged} damaged, {Duplicates} doubled";
    }
}
