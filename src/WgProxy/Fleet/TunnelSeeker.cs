using System.Threading.Channels;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;
using WgProxy.Core.Routes;
using WgProxy.State;

namespace WgProxy.Fleet;

/// <summary>
/// Seeks in the store what no tunnel of this relay explains, and tells the engine what it finds there. The threads that own mappings leave indices in a queue and never wait. How many
/// they leave is Core's to bound (<see cref="Core.Vocabulary.Limits.SoughtPerSecond"/>); how many questions are on their way at once is bounded here, so that a store that hangs holds few.
/// </summary>
internal sealed class TunnelSeeker : IAsyncDisposable
{
    /// <summary>Indices that may wait. With a store that hangs, others are refused, and sought again when their next packet comes.</summary>
    public const int Waiting = 4_096;

    private const int MostAtOnce = 256;
    private const int MostUnderWay = 16;
    private const long GroupsFor = 1_000;

    private readonly FleetStore _store;
    private readonly RouteList _routes;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _room = new(MostUnderWay);
    private readonly Channel<SoughtIndex> _sought = Channel.CreateBounded<SoughtIndex>(new BoundedChannelOptions(Waiting) { SingleReader = true });
    private readonly Task _running;
    private IEngine? _engine;
    private ulong _groups;
    private long _groupsUntil = long.MinValue;

    /// <summary>Begins to wait for indices.</summary>
    /// <param name="store">Where they are sought.</param>
    /// <param name="routes">The routes that are served here: only their tunnels are sought.</param>
    public TunnelSeeker(FleetStore store, RouteList routes)
    {
        (_store, _routes) = (store, routes);
        _running = Task.Run(RunAsync);
    }

    /// <summary>For an engine's settings.</summary>
    public DirectorySettings Directory => new() { Seek = _sought.Writer.TryWrite };

    /// <summary>From now on this engine is told what is found.</summary>
    public void Tell(IEngine engine) => Volatile.Write(ref _engine, engine);

    /// <summary>Ends. What is on its way is not awaited.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    private async Task RunAsync()
    {
        List<SoughtIndex> batch = new(MostAtOnce);
        try
        {
            while (await _sought.Reader.WaitToReadAsync(_stop.Token))
            {
                // While all questions are on their way, more gather for the next.
                await _room.WaitAsync(_stop.Token);
                while (batch.Count < MostAtOnce && _sought.Reader.TryRead(out SoughtIndex sought))
                {
                    batch.Add(sought);
                }

                _ = FindAsync([.. batch], Groups());
                batch.Clear();
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private async Task FindAsync(SoughtIndex[] batch, ulong groups)
    {
        try
        {
            ILookup<uint, SoughtIndex> asked = batch.ToLookup(sought => sought.Index);
            foreach ((uint index, FleetRecord record) in await _store.FindAsync([.. asked.Select(each => each.Key)], groups, _stop.Token))
            {
                // True as of now: its instant is by this host's clock.
                MappingRecord aged = record.Record.AgedBy(HostInstant.Now().Since(record.Record.Written));
                foreach (SoughtIndex sought in asked[index])
                {
                    _ = Volatile.Read(ref _engine)?.Tell(new DirectoryAnswer(sought, aged));
                }
            }
        }
        finally
        {
            _ = _room.Release();
        }
    }

    // Routes come and go by a reload. A new one's tunnels are sought a second later.
    private ulong Groups()
    {
        long now = Environment.TickCount64;
        if (now >= _groupsUntil)
        {
            (_groups, _groupsUntil) = (_store.Key.GroupsOf(_routes.Select(route => route.Key)), now + GroupsFor);
        }

        return _groups;
    }
}
