using WgProxy.Core.Journal;
using WgProxy.Fleet;
using WgProxy.Tests.State;

namespace WgProxy.Tests.Fleet;

/// <summary>From one relay's journal through a real redis-server to another relay.</summary>
public sealed class FleetStoreTests : IDisposable
{
    private static readonly ulong Groups = Fleets.Groups;

    private readonly RedisServer _redis = Needed();

    public void Dispose() => _redis.Dispose();

    [Fact]
    public async Task What_one_relay_publishes_another_finds_by_its_index()
    {
        await using RelayFleet a = await JoinAsync("a");
        await using RelayFleet b = await JoinAsync("b");
        WriterOf(a)(AnyMapping.Record(7));
        await Until(() => a.Store.Figures[FleetCount.Written] == 1);
        IReadOnlyList<(uint Index, FleetRecord Record)> found = await b.Store.FindAsync([0x5000_0007, 0x5000_0008], Groups, TestContext.Current.CancellationToken);
        (uint index, FleetRecord record) = Assert.Single(found);
        Assert.Equal((0x5000_0007u, "a"), (index, record.Relay));
        Assert.Equal(AnyMapping.Record(7).Source, record.Record.Source);
        Assert.InRange(WgProxy.State.HostInstant.Now().Since(record.Record.Written), 0, 20_000);
        Assert.Equal((2, 1, 1), (b.Store.Figures[FleetCount.Asked], b.Store.Figures[FleetCount.Hits], b.Store.Figures[FleetCount.Misses]));

        Assert.Empty(await b.Store.FindAsync([0x5000_0008], Groups, TestContext.Current.CancellationToken));
        Assert.Equal(3, b.Store.Figures[FleetCount.Asked] + b.Store.Figures[FleetCount.KnownMisses]);
        Assert.Empty(await b.Store.FindAsync([0x5000_0007], 0, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Values_end_by_themselves_and_nothing_is_deleted()
    {
        await using RelayFleet a = await JoinAsync("a");
        WriterOf(a)(AnyMapping.Record(7));
        await Until(() => a.Store.Figures[FleetCount.Written] == 1);
        string mapping = Assert.Single(NamesOf("m"));
        Assert.InRange(LifeOf(mapping), 580_000, 600_000);
        Assert.InRange(LifeOf(Assert.Single(NamesOf("i"))), 160_000, 180_000);
        WriterOf(a)(AnyMapping.End(7));
        await Until(() => a.Store.Figures[FleetCount.Written] == 2);
        Assert.InRange(LifeOf(mapping), 1, 10_000);
        string commands = _redis.Ask("INFO", "commandstats");
        Assert.DoesNotContain("cmdstat_del", commands, StringComparison.Ordinal);
        Assert.DoesNotContain("cmdstat_get:", commands, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_standby_reads_all_of_a_relay_and_hears_what_it_publishes()
    {
        await using RelayFleet a = await JoinAsync("a");
        await using RelayFleet other = await JoinAsync("other");
        await using RelayFleet b = await JoinAsync("b");
        for (int i = 0; i < 600; i++)
        {
            WriterOf(a)(AnyMapping.Record(i));
            WriterOf(other)(AnyMapping.Record(1_000 + i));
        }

        await Until(() => a.Store.Figures[FleetCount.Written] == 600 && other.Store.Figures[FleetCount.Written] == 600);
        List<FleetRecord> heard = [];
        await using IAsyncDisposable? listening = await b.Store.ListenAsync("a", record => heard.Add(record));
        Assert.NotNull(listening);
        HashSet<Source> read = [];
        await foreach (FleetRecord record in b.Store.ReadAllAsync("a", TestContext.Current.CancellationToken))
        {
            Assert.Equal("a", record.Relay);
            _ = read.Add(record.Record.Source);
        }

        Assert.Equal(600, read.Count);
        WriterOf(a)(AnyMapping.Record(5, Proof.Lingering) with { Former = Proof.Confirmed });
        await Until(() => a.Store.Figures[FleetCount.Written] == 601);
        WriterOf(a)(AnyMapping.End(6));
        await Until(() => heard.Count == 2);
        Assert.Equal([Proof.Lingering, Proof.None], heard.Select(each => each.Record.Proof));
    }

    [Fact]
    public async Task The_last_of_two_writers_wins_and_what_is_forged_or_copied_is_no_record()
    {
        await using RelayFleet a = await JoinAsync("a");
        await using RelayFleet b = await JoinAsync("b");
        WriterOf(a)(AnyMapping.Record(7));
        await Until(() => a.Store.Figures[FleetCount.Written] == 1);
        WriterOf(b)(AnyMapping.Record(7) with { UpstreamPort = 9 });
        await Until(() => b.Store.Figures[FleetCount.Written] == 1);
        (uint _, FleetRecord record) = Assert.Single(await a.Store.FindAsync([0x5000_0007], Groups, TestContext.Current.CancellationToken));
        Assert.Equal(("b", 9), (record.Relay, record.Record.UpstreamPort));

        WriterOf(a)(AnyMapping.Record(8));
        await Until(() => a.Store.Figures[FleetCount.Written] == 2);
        string[] names = NamesOf("i");
        _ = _redis.Ask("COPY", names[0], names[1], "REPLACE");
        IReadOnlyList<(uint Index, FleetRecord Record)> found = await a.Store.FindAsync([0x5000_0007, 0x5000_0008], Groups, TestContext.Current.CancellationToken);
        Assert.Single(found);
        Assert.Equal(1, a.Store.Figures[FleetCount.Stale]);
        foreach (string name in names)
        {
            _ = _redis.Ask("SET", name, "\u0001forged" + new string('x', 300));
        }

        Assert.Empty(await b.Store.FindAsync([0x5000_0007, 0x5000_0008], Groups, TestContext.Current.CancellationToken));
        Assert.Equal(2, b.Store.Figures[FleetCount.Forged]);
    }

    private static RedisServer Needed()
    {
        Assert.SkipUnless(RedisServer.IsThere, "redis-server is not installed");
        return new RedisServer();
    }

    private static RecordWriter WriterOf(RelayFleet fleet) => Fleets.WriterOf(fleet);

    private static Task Until(Func<bool> condition) => Fleets.UntilAsync(condition);

    private Task<RelayFleet> JoinAsync(string name) => Fleets.JoinAsync(_redis.Address, name);

    private string[] NamesOf(string kind) => _redis.Ask("KEYS", $"wgproxy:{kind}:*").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private long LifeOf(string name) => long.Parse(_redis.Ask("PTTL", name), System.Globalization.CultureInfo.InvariantCulture);
}
