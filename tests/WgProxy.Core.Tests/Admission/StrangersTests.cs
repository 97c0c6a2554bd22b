using System.Net;
using WgProxy.Core.Admission;

namespace WgProxy.Core.Tests.Admission;

public sealed class StrangersTests
{
    private static readonly Tick Start = new(1_000_000);

    [Fact]
    public void A_source_has_one_row_with_its_last_refusal_and_their_number()
    {
        Strangers strangers = new((1, 2));
        strangers.Refused(Numbered(1), Verdict.BadMac1, default, Start);
        strangers.Refused(Numbered(1), Verdict.Denied, new RouteId(3, 1), Start + 5_000);
        StrangerStatus row = Assert.Single(Rows(strangers));
        Assert.Equal((Numbered(1), Verdict.Denied, new RouteId(3, 1), 2, Start, Start + 5_000), (row.Source, row.Verdict, row.Route, row.Times, row.First, row.Last));
    }

    [Fact]
    public void A_flood_leaves_as_many_as_there_is_room_for_and_those_are_of_its_end()
    {
        Strangers strangers = new((1, 2));
        for (int i = 0; i < 20_000; i++)
        {
            strangers.Refused(Numbered(i), Verdict.BadMac1, default, Start + i);
        }

        StrangerStatus[] rows = Rows(strangers);
        Assert.Equal(Limits.RememberedStrangers, rows.Length);

        // Each set of four has its own last four: the oldest of 64 sets is hardly older than 64 times its share.
        Assert.All(rows, row => Assert.InRange(row.Last.Milliseconds, (Start + 16_000).Milliseconds, (Start + 20_000).Milliseconds));
    }

    [Fact]
    public void Refusals_allocate_nothing()
    {
        Strangers strangers = new((1, 2));
        Source[] sources = [.. Enumerable.Range(0, 100).Select(Numbered)];
        Assert.Equal(0, Allocated.InBestOf(3, () =>
        {
            foreach (Source source in sources)
            {
                strangers.Refused(source, Verdict.BadMac1, default, Start);
            }
        }));
    }

    private static StrangerStatus[] Rows(Strangers strangers) => [.. strangers.Rows.ToArray().Where(row => row.Times > 0)];

    private static Source Numbered(int i) => Source.From(new IPEndPoint(new IPAddress([10, (byte)(i >> 16), (byte)(i >> 8), (byte)i]), 1_000), null);
}
