using System.Net;
using WgProxy.Core.Admission;

namespace WgProxy.Core.Tests.Admission;

public sealed class RecentSourcesTests
{
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(180);
    private static readonly Tick Start = new(1_000_000);

    [Fact]
    public void A_source_is_remembered_until_the_last_millisecond()
    {
        RecentSources recent = new(64, (1, 2));
        Source source = Numbered(1);
        Assert.False(recent.Contains(source, Start, Within));
        recent.Add(source, Start);
        Assert.True(recent.Contains(source, Start + 179_999, Within));
        Assert.False(recent.Contains(source, Start + 180_000, Within));
        recent.Add(source, Start + 170_000);
        Assert.True(recent.Contains(source, Start + 349_999, Within));
        Assert.False(recent.Contains(source, Start + 350_000, Within));
    }

    [Theory]
    [InlineData("192.0.2.1", 1_001, "192.0.2.9")]
    [InlineData("192.0.2.2", 1_000, "192.0.2.9")]
    [InlineData("192.0.2.1", 1_000, "192.0.2.8")]
    [InlineData("192.0.2.1", 1_000, null)]
    public void Another_port_or_address_at_either_end_is_another_source(string address, int port, string? local)
    {
        RecentSources recent = new(64, (1, 2));
        recent.Add(Source.From(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 1_000), IPAddress.Parse("192.0.2.9")), Start);
        Source other = Source.From(new IPEndPoint(IPAddress.Parse(address), port), local is null ? null : IPAddress.Parse(local));
        Assert.False(recent.Contains(other, Start, Within));
    }

    [Fact]
    public void Under_pressure_the_oldest_goes_and_a_refreshed_one_stays()
    {
        // One set of four places.
        RecentSources recent = new(4, (1, 2));
        for (int i = 0; i < 4; i++)
        {
            recent.Add(Numbered(i), Start + i);
        }

        recent.Add(Numbered(0), Start + 10);
        recent.Add(Numbered(4), Start + 11);
        Assert.Equal([0, 2, 3, 4], Enumerable.Range(0, 5).Where(i => recent.Contains(Numbered(i), Start + 11, Within)));
    }

    [Fact]
    public void Half_of_its_size_is_remembered_nearly_whole()
    {
        const int Size = 1 << 12;
        RecentSources recent = new(Size, (1, 2));
        for (int i = 0; i < Size / 2; i++)
        {
            recent.Add(Numbered(i), Start + i);
        }

        // Of sets of four with two on average, 5 % overflow, by one or two: about one source in 24 is forgotten.
        int kept = Enumerable.Range(0, Size / 2).Count(i => recent.Contains(Numbered(i), Start + Size, Within));
        Assert.InRange(kept, Size / 2 * 90 / 100, Size / 2);
    }

    private static Source Numbered(int number) =>
        Source.From(new IPEndPoint(IPAddress.Parse($"192.0.{number >> 8}.{number & 0xFF}"), 51_820));
}
