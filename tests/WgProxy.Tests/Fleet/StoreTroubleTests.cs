using WgProxy.Core.Journal;
using WgProxy.Fleet;
using WgProxy.Status;
using WgProxy.Tests.State;

namespace WgProxy.Tests.Fleet;

/// <summary>What the store may do to a relay: cost records, and nothing else. What is wrong is said, and what is wrong no longer is forgotten.</summary>
public sealed class StoreTroubleTests
{
    [Fact]
    public async Task A_store_that_was_killed_is_found_again_and_holds_up_nobody()
    {
        using RedisServer redis = Needed();
        await using RelayFleet fleet = await Fleets.JoinAsync(redis.Address, "a");
        redis.Crash();
        Leave(fleet, 2 * FleetPublisher.Waiting);
        await Fleets.UntilAsync(() => !fleet.Store.IsUp);
        Assert.InRange(fleet.Waiting, FleetPublisher.Waiting / 2, FleetPublisher.Waiting);
        Assert.True(fleet.OldestFor >= 0 && fleet.Store.DownFor >= 0);
        Assert.Empty(await fleet.Store.FindAsync([0x5000_0001], Fleets.Groups, TestContext.Current.CancellationToken));
        Assert.InRange(fleet.Store.Figures[FleetCount.Dropped], 1, 2 * FleetPublisher.Waiting);
        redis.Restart();
        FleetFigures figures = fleet.Store.Figures;
        await Fleets.UntilAsync(() => fleet.Store.IsUp && figures[FleetCount.Written] + figures[FleetCount.Refused] + figures[FleetCount.Dropped] == 2 * FleetPublisher.Waiting);
        Assert.Single(await fleet.Store.FindAsync([0x5000_0000 + (2 * FleetPublisher.Waiting) - 1], Fleets.Groups, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_store_that_hangs_holds_one_batch_and_says_so()
    {
        using RedisServer redis = Needed();
        await using RelayFleet fleet = await Fleets.JoinAsync(redis.Address, "a");
        redis.Pause();
        try
        {
            Leave(fleet, 4 * FleetPublisher.Waiting);
            await Fleets.UntilAsync(() => !fleet.Store.IsUp);
            Assert.InRange(fleet.Store.Figures[FleetCount.Refused], 0, FleetBatch.MostRecords);
            Assert.InRange(fleet.Waiting, 0, FleetPublisher.Waiting);
            Assert.Empty(await fleet.Store.FindAsync([0x5000_0001], Fleets.Groups, TestContext.Current.CancellationToken));
            Assert.NotNull(FleetReport.Of(fleet, DateTimeOffset.UtcNow).Trouble);
        }
        finally
        {
            redis.Resume();
        }

        await Fleets.UntilAsync(() => fleet.Store.IsUp && fleet.Waiting == 0);
    }

    [Fact]
    public async Task An_emptied_store_fills_again()
    {
        using RedisServer redis = Needed();
        await using RelayFleet fleet = await Fleets.JoinAsync(redis.Address, "a");
        Leave(fleet, 1);
        await Fleets.UntilAsync(() => fleet.Store.Figures[FleetCount.Written] == 1);
        _ = redis.Ask("FLUSHALL");
        Assert.Empty(await fleet.Store.FindAsync([0x5000_0000], Fleets.Groups, TestContext.Current.CancellationToken));
        Leave(fleet, 1);
        await Fleets.UntilAsync(() => fleet.Store.Figures[FleetCount.Written] == 2);
        await Task.Delay(TimeSpan.FromMilliseconds(MissedIndices.Believed + 10), TestContext.Current.CancellationToken);
        Assert.Single(await fleet.Store.FindAsync([0x5000_0000], Fleets.Groups, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_read_only_replica_is_named()
    {
        using RedisServer redis = Needed();
        await using RelayFleet fleet = await Fleets.JoinAsync(redis.Address, "a");
        _ = redis.Ask("REPLICAOF", "192.0.2.1", "6379");
        Leave(fleet, 1);
        await Fleets.UntilAsync(() => !fleet.Store.IsUp);
        Assert.Matches("(?i)replica|readonly", fleet.Store.Trouble!);
        _ = redis.Ask("REPLICAOF", "NO", "ONE");
        await Fleets.UntilAsync(() => fleet.Store.IsUp);
    }

    [Fact]
    public async Task A_full_store_is_named_and_taken_again_when_it_has_room()
    {
        using RedisServer redis = Needed();
        await using RelayFleet fleet = await Fleets.JoinAsync(redis.Address, "a");
        _ = redis.Ask("CONFIG", "SET", "maxmemory-policy", "noeviction");
        _ = redis.Ask("CONFIG", "SET", "maxmemory", "1");
        Leave(fleet, 1);
        await Fleets.UntilAsync(() => !fleet.Store.IsUp);
        Assert.Contains("OOM", fleet.Store.Trouble, StringComparison.Ordinal);
        Assert.Equal(0, fleet.Store.Figures[FleetCount.Written]);
        _ = redis.Ask("CONFIG", "SET", "maxmemory", "0");
        await Fleets.UntilAsync(() => fleet.Store.IsUp);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("wrong")]
    public async Task A_wrong_password_is_named_and_not_shown(string? password)
    {
        using RedisServer redis = Needed("--requirepass", "right");
        string? trouble = null;

        // Once in some ten starts on a busy machine, the client of the store keeps to its first words, that there is no connection.
        for (int attempt = 0; attempt < 3 && !IsOfPassword(trouble); attempt++)
        {
            await using RelayFleet fleet = Fleets.Begin(redis.Address, "a", password);
            Leave(fleet, 1);
            using CancellationTokenSource end = new(TimeSpan.FromSeconds(15));
            while (!IsOfPassword(trouble) && !end.IsCancellationRequested)
            {
                await Task.Delay(10, TestContext.Current.CancellationToken);
                trouble = fleet.Store.Trouble;
            }
        }

        Assert.True(IsOfPassword(trouble), trouble);
        Assert.DoesNotContain("wrong", trouble!.Replace("WRONGPASS", "", StringComparison.Ordinal), StringComparison.Ordinal);

        static bool IsOfPassword(string? text) => text is not null && (text.Contains("auth", StringComparison.OrdinalIgnoreCase) || text.Contains("PASS", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Records_of_another_version_or_key_are_counted_and_found_by_nobody()
    {
        using RedisServer redis = Needed();
        await using RelayFleet a = await Fleets.JoinAsync(redis.Address, "a");
        await using RelayFleet stranger = await Fleets.JoinAsync(redis.Address, "a", new FleetKey([.. Enumerable.Range(7, 32).Select(value => (byte)value)]));
        Leave(a, 1);
        Leave(stranger, 1);
        await Fleets.UntilAsync(() => a.Store.Figures[FleetCount.Written] == 1 && stranger.Store.Figures[FleetCount.Written] == 1);
        string[] names = redis.Ask("KEYS", "wgproxy:i:*").Split('\n');
        Assert.Equal(2, names.Length);
        _ = redis.Ask("COPY", names[0], "kept");
        _ = redis.Ask("COPY", names[1], names[0], "REPLACE");
        _ = redis.Ask("COPY", "kept", names[1], "REPLACE");
        Assert.Empty(await a.Store.FindAsync([0x5000_0000], Fleets.Groups, TestContext.Current.CancellationToken));
        Assert.Equal(1, a.Store.Figures[FleetCount.Forged]);
        foreach (string name in names)
        {
            _ = redis.Ask("SETRANGE", name, "0", "\u0002");
        }

        await Task.Delay(TimeSpan.FromMilliseconds(MissedIndices.Believed + 10), TestContext.Current.CancellationToken);
        Assert.Empty(await a.Store.FindAsync([0x5000_0000], Fleets.Groups, TestContext.Current.CancellationToken));
        Assert.Equal(1, a.Store.Figures[FleetCount.OtherVersion]);
    }

    [Fact]
    public async Task A_relay_whose_clock_is_ten_minutes_off_is_believed_all_the_same()
    {
        using RedisServer redis = Needed();
        await using RelayFleet a = await Fleets.JoinAsync(redis.Address, "a");
        await using RelayFleet b = await Fleets.JoinAsync(redis.Address, "b");
        Assert.InRange(a.Store.Clock.Ahead!.Value, -2_000, 2_000);

        // What a relay writes whose clock is ten minutes behind: its instants, and the store's time as it reckons it.
        FleetBatch batch = new(Fleets.Key, "slow", new byte[16]);
        MappingRecord record = AnyMapping.Record(7);
        record.Written = record.Written with { Utc = record.Written.Utc - 600_000 };
        batch.Add(record);
        batch.Seal(a.Store.Clock.Ahead.Value + 600_000);
        Assert.True(a.Store.TryWrite(batch, StackExchange.Redis.RedisChannel.Literal("any")));
        (uint _, FleetRecord found) = Assert.Single(await b.Store.FindAsync([0x5000_0007], Fleets.Groups, TestContext.Current.CancellationToken));
        Assert.InRange(WgProxy.State.HostInstant.Now().Since(found.Record.Written), 0, 60_000);
    }

    private static RedisServer Needed(params string[] settings)
    {
        Assert.SkipUnless(RedisServer.IsThere, "redis-server is not installed");
        return new RedisServer(settings);
    }

    // As an engine does, on its own thread: none of it waits.
    private static void Leave(RelayFleet fleet, int records)
    {
        RecordWriter write = Fleets.WriterOf(fleet);
        for (int i = 0; i < records; i++)
        {
            Assert.True(write(AnyMapping.Record(i)));
        }
    }
}
