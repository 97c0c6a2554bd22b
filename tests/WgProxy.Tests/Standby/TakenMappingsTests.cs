using System.Net;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;
using WgProxy.Core.Vocabulary;
using WgProxy.Standby;

namespace WgProxy.Tests.Standby;

/// <summary>What a relay lends its engine when it takes over.</summary>
public sealed class TakenMappingsTests
{
    // A relay that is restarted while it has the address knows better than the store what the other one wrote earlier; one that gets the address back does not.
    [Fact]
    public async Task Of_a_mapping_that_both_know_the_newer_record_counts()
    {
        MappingRecord[] table = [Record(1, written: 10, port: 1), Record(2, written: 10, port: 2), Record(3, written: 10, port: 3)];
        MappingRecord[] kept = [Record(1, written: 5, port: 11), Record(2, written: 20, port: 12), Record(4, written: 1, port: 14)];
        TakenMappings? done = null;
        TakenMappings taken = new(table, kept, each => done = each);
        Assert.Equal([1, 3, 12, 14], taken.All.ToArray().Select(record => (int)record.UpstreamPort));
        LendingEngine engine = new();
        bool isNext = false;
        await taken.RunAsync(engine, _ => isNext = true);
        Assert.Same(taken, done);
        Assert.True(isNext);
        Assert.Equal([1, 3], engine.Lent.Select(record => (int)record.UpstreamPort));
        Assert.Equal(2, taken.Count(RestoreVerdict.Restored));
    }

    [Fact]
    public async Task The_first_batch_is_lent_at_once_and_what_is_more_follows()
    {
        MappingRecord[] table = [.. Enumerable.Range(0, RestoreBatch.MostRecords + 5).Select(client => Record(client, 10, 1 + (client % 60_000)))];
        TakenMappings taken = new(table, default, _ => { });
        LendingEngine engine = new() { Holds = true };
        Task running = taken.RunAsync(engine, next: null);
        Assert.Equal(RestoreBatch.MostRecords, engine.Lent.Count);
        engine.Release();
        await running;
        Assert.Equal(table.Length, engine.Lent.Count);
        Assert.Equal(table.Length, taken.Count(RestoreVerdict.Restored));
    }

    // An address may come before the route by which its servers are reached.
    [Fact]
    public async Task What_found_no_socket_is_lent_again()
    {
        LendingEngine engine = new() { Refuses = 1 };
        TakenMappings taken = new([Record(1, 10, 1), Record(2, 10, 2)], default, _ => { });
        await taken.RunAsync(engine, next: null);
        Assert.Equal([1, 2, 1], engine.Lent.Select(record => (int)record.UpstreamPort));
        Assert.Equal(2, taken.Count(RestoreVerdict.Restored));
        Assert.Equal(0, taken.Count(RestoreVerdict.NotOpened));
    }

    private static MappingRecord Record(int client, long written, int port) => new()
    {
        Source = Source.From(new IPEndPoint(new IPAddress([198, 18, (byte)(client >> 8), (byte)client]), 51_820)),
        Proof = Proof.Confirmed,
        UpstreamPort = (ushort)port,
        Written = new JournalInstant(0, 0, written),
    };

    /// <summary>Restores whatever it is lent.</summary>
    private sealed class LendingEngine : IEngine
    {
        private RestoreBatch? _held;

        public List<MappingRecord> Lent { get; } = [];

        public bool Holds { get; set; }

        public int Refuses { get; set; }

        public IReadOnlyList<IPEndPoint> Listening => [];

        public IReadOnlyList<string> Shortfalls => [];

        public void Release()
        {
            Holds = false;
            End(_held!);
        }

        bool IEngine.Tell(DirectoryAnswer answer) => true;

        void IEngine.Restore(RestoreBatch batch)
        {
            batch.Begin();
            Lent.AddRange(batch.Records);
            if (Holds)
            {
                _held = batch;
                return;
            }

            End(batch);
        }

        public void Start()
        {
        }

        public void ListenOn(IReadOnlyList<IPEndPoint> listen)
        {
        }

        public void Stop()
        {
        }

        public bool Post(EngineCommand command) => true;

        public void Query(EngineQuery query)
        {
        }

        public void Dispose()
        {
        }

        private void End(RestoreBatch batch)
        {
            for (int i = 0; i < batch.Records.Length; i++)
            {
                batch.Judge(i, Refuses-- > 0 ? RestoreVerdict.NotOpened : RestoreVerdict.Restored, hasMoved: false);
            }

            batch.End(RestoreOutcome.Done);
        }
    }
}
