using WgProxy.Core.Engine.Batching;

namespace WgProxy.Core.Tests.Engine;

/// <summary>Which neighbours leave in one send: by table, and against a model that looks at every datagram.</summary>
public sealed class CoalescerTests
{
    private const int Any = TrainLimits.MaxBytesIPv6;

    private static readonly TrainLimits IPv4 = new(TrainLimits.MaxBytesIPv4, Any, MustEndShort: false);

    [Theory]
    [InlineData("100", "100", true)]
    [InlineData("100", "99", true)]
    [InlineData("100", "1", true)]
    [InlineData("100", "101", false)]
    [InlineData("100 99", "99", false)]
    [InlineData("100 99", "100", false)]
    [InlineData("100 100", "100 100 50", true)]
    [InlineData("100 100", "100", true)]
    [InlineData("100 100", "50", true)]
    [InlineData("100", "50 50", false)]
    [InlineData("100", "50 20", false)]
    [InlineData("100 100 50", "100 100", false)]
    [InlineData("50", "100 100 50", false)]
    [InlineData("1452*44", "1452", true)]
    [InlineData("1452*45", "1452", false)]
    [InlineData("1452*45", "167", true)]
    [InlineData("1452*45", "168", false)]
    [InlineData("32*63", "32", true)]
    [InlineData("32*64", "32", false)]
    [InlineData("32*60", "32*5", false)]
    [InlineData("32753", "32754", false)]
    [InlineData("32754", "32753", true)]
    [InlineData("32754", "32754", false)]
    public void Neighbours_join_if_the_train_stays_one(string train, string run, bool joins)
    {
        Train before = new(Parse(train));
        Train after = before;
        Assert.Equal(joins, Coalescer.TryJoin(ref after, Parse(run), IPv4));
        Assert.Equal(joins ? before.Bytes + Parse(run).Length : before.Bytes, after.Bytes);
        Assert.Equal(joins ? before.Datagrams + Parse(run).Datagrams : before.Datagrams, after.Datagrams);
    }

    [Fact]
    public void Another_mapping_or_another_congestion_mark_is_another_train()
    {
        Train train = new(new Run(1, 100, 100, 0));
        Assert.False(Coalescer.TryJoin(ref train, new Run(2, 100, 100, 0), IPv4));
        Assert.False(Coalescer.TryJoin(ref train, new Run(1, 100, 100, 1), IPv4));
        Assert.True(Coalescer.TryJoin(ref train, new Run(1, 100, 100, 0), IPv4));
    }

    [Theory]
    [InlineData("1452*44", Any, 1452 * 44)]
    [InlineData("9000", 0, 9000)]
    [InlineData("1452*44", 1451, 1452)]
    [InlineData("1452*44", 0, 1452)]
    [InlineData("1452*44", 1452, 1452 * 44)]
    [InlineData("65507", Any, 65_507)]
    [InlineData("65527", Any, 65_527)]
    [InlineData("21842*3", Any, 43_684)]
    [InlineData("32763*2", Any, 32_763)]
    public void A_run_that_is_too_long_is_cut_between_datagrams(string run, int maxStride, int fits) =>
        Assert.Equal(fits, Coalescer.Fit(Parse(run), IPv4 with { MaxStride = maxStride }));

    [Theory]
    [InlineData("100 100", false)]
    [InlineData("100 100 99", true)]
    [InlineData("100", true)]
    public void Where_trains_must_end_short_even_ones_do_not_leave_whole(string train, bool leaves)
    {
        Train given = new(Parse(train));
        Assert.Equal(leaves, Coalescer.MayLeaveWhole(given, IPv4 with { MustEndShort = true }));
        Assert.True(Coalescer.MayLeaveWhole(given, IPv4));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void It_agrees_with_a_model_that_looks_at_every_datagram(int seed)
    {
        Random random = new(seed);
        int joined = 0;
        for (int i = 0; i < 20_000; i++)
        {
            TrainLimits limits = Limits(random);
            Run first = Draw(random);
            first = first.Until(Coalescer.Fit(first, limits));
            Run second = Draw(random);
            Train train = new(first);
            bool legal = IsLegal([.. Expand(first), .. Expand(second)], limits)
                && first.Slot == second.Slot && first.Ecn == second.Ecn;
            bool joins = Coalescer.TryJoin(ref train, second, limits);
            Assert.True(legal == joins, $"{first} then {second} under {limits}: {joins}");
            joined += joins ? 1 : 0;
        }

        Assert.InRange(joined, 500, 19_500);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Packing_keeps_every_datagram_its_length_and_its_place(int seed)
    {
        Random random = new(seed);
        for (int i = 0; i < 5_000; i++)
        {
            TrainLimits limits = Limits(random);
            Run[] runs = [.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => Draw(random) with { Slot = 0, Ecn = 0 })];
            List<Train> trains = Pack(runs, limits);
            int[] sent = [.. trains.SelectMany(train => Expand(new Run(0, train.Bytes, train.Stride, 0)))];
            Assert.Equal(runs.SelectMany(Expand), sent);
            Assert.All(trains, train =>
            {
                int[] datagrams = [.. Expand(new Run(0, train.Bytes, train.Stride, 0))];
                Assert.Equal(train.Datagrams, datagrams.Length);
                Assert.True(IsLegal(datagrams, limits), $"{train} under {limits}");
            });
        }
    }

    // As an engine packs: what does not join begins the next train.
    private static List<Train> Pack(Run[] runs, TrainLimits limits)
    {
        List<Train> trains = [];
        Train train = default;
        foreach (Run run in runs)
        {
            for (Run rest = run; rest.Length > 0;)
            {
                if (!train.IsEmpty && Coalescer.TryJoin(ref train, rest, limits))
                {
                    break;
                }

                if (!train.IsEmpty)
                {
                    trains.Add(train);
                }

                int fits = Coalescer.Fit(rest, limits);
                train = new Train(rest.Until(fits));
                rest = rest.From(fits);
            }
        }

        return [.. trains, train];
    }

    private static bool IsLegal(int[] datagrams, TrainLimits limits) =>
        datagrams.Length == 1
        || (datagrams.Length <= TrainLimits.MaxDatagrams
            && datagrams.Sum() <= limits.MaxBytes
            && datagrams[0] <= limits.MaxStride
            && datagrams[..^1].All(length => length == datagrams[0])
            && datagrams[^1] <= datagrams[0]);

    private static IEnumerable<int> Expand(Run run)
    {
        for (int rest = run.Length; rest > 0; rest -= run.Stride)
        {
            yield return Math.Min(rest, run.Stride);
        }
    }

    private static TrainLimits Limits(Random random) => new(
        random.Next(2) == 0 ? TrainLimits.MaxBytesIPv4 : TrainLimits.MaxBytesIPv6,
        random.Next(4) switch { 0 => 0, 1 => 100, _ => Any },
        MustEndShort: false);

    // Few lengths, so that many agree.
    private static Run Draw(Random random)
    {
        int stride = random.Next(6) switch { 0 => 32, 1 => 100, 2 => 1452, 3 => 1000 + random.Next(3), 4 => 30_000, _ => 100 };
        int datagrams = random.Next(3) == 0 ? 1 : random.Next(1, Math.Min(64, Any / stride) + 1);
        int last = random.Next(2) == 0 ? stride : random.Next(1, stride + 1);
        return new Run(random.Next(8) == 0 ? 1 : 0, ((datagrams - 1) * stride) + last, stride, (byte)(random.Next(8) == 0 ? 1 : 0));
    }

    // "100 100 50" or "1452*44".
    private static Run Parse(string text)
    {
        int[] lengths =
        [
            .. text.Split(' ').SelectMany(part =>
            {
                string[] factors = part.Split('*');
                return Enumerable.Repeat(int.Parse(factors[0]), factors.Length == 1 ? 1 : int.Parse(factors[1]));
            }),
        ];
        return new Run(0, lengths.Sum(), lengths[0], 0);
    }
}
