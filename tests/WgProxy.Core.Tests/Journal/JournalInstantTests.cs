using WgProxy.Core.Journal;

namespace WgProxy.Core.Tests.Journal;

public sealed class JournalInstantTests
{
    private static readonly JournalInstant Earlier = new(Boot: 7, SinceBoot: 50_000, Utc: 1_000_000);

    [Fact]
    public void Within_one_boot_the_monotonic_clock_counts_whatever_UTC_does() =>
        Assert.Equal(1_500, new JournalInstant(7, 51_500, 900_000).Since(Earlier));

    [Fact]
    public void After_a_reboot_or_on_another_host_UTC_counts() =>
        Assert.Equal(60_000, new JournalInstant(8, 200, 1_060_000).Since(Earlier));

    [Fact]
    public void Without_a_boot_id_UTC_counts() =>
        Assert.Equal(5, new JournalInstant(0, 9, 105).Since(new JournalInstant(0, 2, 100)));

    [Fact]
    public void Time_never_goes_back()
    {
        Assert.Equal(0, new JournalInstant(8, 60_000, 999_999).Since(Earlier));
        Assert.Equal(0, new JournalInstant(7, 49_999, 2_000_000).Since(Earlier));
    }

    [Fact]
    public void Absurd_instants_saturate()
    {
        JournalInstant latest = new(1, long.MaxValue, long.MaxValue);
        Assert.Equal(long.MaxValue, latest.Since(new JournalInstant(1, long.MinValue, 0)));
        Assert.Equal(long.MaxValue, latest.Since(new JournalInstant(2, 0, long.MinValue)));
        Assert.Equal(0, new JournalInstant(2, 0, long.MinValue).Since(latest));
    }
}
