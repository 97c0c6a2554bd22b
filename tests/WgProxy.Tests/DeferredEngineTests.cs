using System.Net;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;
using WgProxy.Hosting;

namespace WgProxy.Tests;

/// <summary>The engine of a relay that stands by: nothing before its start, and then the one that it was made as.</summary>
public sealed class DeferredEngineTests
{
    private static readonly IPEndPoint Other = new(IPAddress.Loopback, 4_000);

    private readonly List<MadeEngine> _made = [];
    private readonly DeferredEngine _engine;
    private bool _refuses;

    public DeferredEngineTests() => _engine = new DeferredEngine(listen =>
    {
        _made.Add(new MadeEngine(listen, _refuses));
        return _made[^1];
    });

    [Fact]
    public async Task Before_its_start_it_listens_nowhere_and_says_that_it_does_not_run()
    {
        Assert.Empty(_engine.Listening);
        Assert.True(_engine.Post(EngineCommand.PathsChanged));
        TaskCompletionSource<QueryOutcome> answered = new();
        _engine.Query(new EngineQuery(query => answered.SetResult(query.Outcome)));
        Assert.Equal(QueryOutcome.NotRunning, await answered.Task);
        TaskCompletionSource<RestoreOutcome> restored = new();
        ((IEngine)_engine).Restore(new RestoreBatch([], () => default, batch => restored.SetResult(batch.Outcome)));
        Assert.Equal(RestoreOutcome.NotRunning, await restored.Task);
        Assert.Empty(_made);
    }

    [Fact]
    public void It_is_made_when_it_starts_with_the_addresses_of_the_last_reload()
    {
        _engine.ListenOn([Other]);
        Assert.Empty(_made);
        _engine.Start();
        Assert.Equal([Other], _made[0].Listening);
        Assert.Equal([Other], _engine.Listening);
        _engine.Stop();
        Assert.True(_made[0].IsStopped);
        Assert.Throws<EngineException>(_engine.Start);
    }

    [Fact]
    public void A_start_that_was_refused_may_be_tried_again()
    {
        _refuses = true;
        Assert.Throws<EngineException>(_engine.Start);
        Assert.True(_made[0].IsStopped);
        Assert.Empty(_engine.Listening);
        _refuses = false;
        _engine.Start();
        Assert.Equal(2, _made.Count);
        Assert.Throws<EngineException>(_engine.Start);
    }

    private sealed class MadeEngine(IReadOnlyList<IPEndPoint>? listen, bool refuses) : IEngine
    {
        public bool IsStopped { get; private set; }

        public IReadOnlyList<IPEndPoint> Listening { get; } = listen ?? [];

        public IReadOnlyList<string> Shortfalls => [];

        public void Start()
        {
            if (refuses)
            {
                throw new EngineException("refused");
            }
        }

        public void ListenOn(IReadOnlyList<IPEndPoint> listen)
        {
        }

        public void Stop() => IsStopped = true;

        public bool Post(EngineCommand command) => false;

        public void Query(EngineQuery query) => query.End(QueryOutcome.Answered);

        bool IEngine.Tell(DirectoryAnswer answer) => true;

        void IEngine.Restore(RestoreBatch batch) => batch.End(RestoreOutcome.Done);

        public void Dispose() => Stop();
    }
}
