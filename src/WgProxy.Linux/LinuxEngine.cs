using System.Net;
using WgProxy.Core;
using WgProxy.Core.Admission;
using WgProxy.Core.Engine;
using WgProxy.Linux.Listen;
using WgProxy.Linux.Net;
using WgProxy.Linux.Paths;
using WgProxy.Linux.Workers;

namespace WgProxy.Linux;

/// <summary>The engine for Linux: worker threads that share nothing on the data path, batches of datagrams per system
/// call, and runs that pass through uncut.</summary>
public sealed partial class LinuxEngine : IEngine
{
    private readonly EngineSettings _settings;
    private readonly LinuxEngineSettings _own;
    private readonly TimeProvider _time;
    private readonly Lock _observing = new();
    private LinuxWorker[] _workers = [];
    private int _queries;
    private bool _started;
    private volatile bool _stopped;
    private PathWatcher? _watcher;

    /// <summary>An engine that is told all this, by a monotonic clock.</summary>
    public LinuxEngine(EngineSettings settings, LinuxEngineSettings? own = null, TimeProvider? time = null)
    {
        _settings = settings;
        _own = own ?? new LinuxEngineSettings();
        _time = time ?? TimeProvider.System;
    }

    /// <inheritdoc/>
    public IReadOnlyList<IPEndPoint> Listening { get; private set; } = [];

    /// <inheritdoc/>
    public IReadOnlyList<string> Shortfalls { get; private set; } = [];

    /// <summary>Tries what upstream sockets are to be bound to, as an engine does before it starts. Listens nowhere.</summary>
    /// <returns>Sentences about what the system did not tell.</returns>
    /// <exception cref="EngineException">The system refused.</exception>
    public static IReadOnlyList<string> TryBinding(UpstreamBinding binding) => BindingTrial.Run(binding);

    /// <inheritdoc/>
    public void Start()
    {
        if (_started)
        {
            throw new InvalidOperationException("An engine starts once.");
        }

        IReadOnlyList<string> untold = TryBinding(_settings.Binding);
        InheritedSocket[] handed = [.. _settings.Inherited?.HandedOver ?? []];
        int count = handed.Length > 0 ? 1 : WorkerLimits.Workers(_settings, _own.Workers);
        Steering steering = new(count, ((uint)_settings.Seeds.Steering.K0, (uint)_settings.Seeds.Steering.K1));
        StrangerSpread spread = new(_settings.Seeds.Strangers, _settings.Subnets);
        spread.LookUpSubnets();
        IReadOnlyList<IReadOnlyList<ListenSocket>> listeners = handed.Length > 0
            ? HandedSockets.TakeOver(handed, spread, _own.Segmentation)
            : ListenSockets.Open(_settings.Listen, steering, spread, _own.Segmentation, _settings.Inherited);
        _started = true;
        _asked = _settings.Listen;
        _listenRoom = handed.Length > 0 ? null : new ListenRoom(steering, spread, _own.Segmentation);

        // From here on what clients send waits here, and soon what servers send, while the rest is made.
        ListenSockets.Discard(listeners);
        HoldPorts();
        UdpSocket[] first = [.. listeners[0].DistinctBy(socket => socket.Strangers).Select(socket => socket.Socket)];
        Listening = [.. first.Select(socket => socket.LocalEndPoint)];
        Shortfalls = [.. untold, .. RefusalText.WithoutSteering(handed), .. ShortfallsOf(
            first.Min(socket => socket.Udp.GrantedReceiveBuffer), first.Min(socket => socket.Udp.GrantedSendBuffer))];
        long zero = _time.GetTimestamp();
        EngineSettings shared = count == 1 ? _settings : _settings with { Observe = OneAtATime(_settings.Observe) };
        Volatile.Write(ref _workers, [.. listeners.Select((sockets, i) => new LinuxWorker(
            WorkerLimits.Of(shared, i, count), _own, _time, zero, sockets, i, WorkerLimits.FirstSlot(_settings, i, count), Pass))]);
        PrepareRecords(steering);
        Relay.ConnectNeighbours([.. _workers.Select(worker => worker.Relay)]);
        if (handed.Length == 0)
        {
            KeptGroups.Keep(listeners, _settings.Inherited);
        }

        _settings.Starting?.Invoke(this);
        foreach (LinuxWorker worker in _workers)
        {
            worker.Start();
        }

        if (_own.WatchesPaths)
        {
            _watcher = PathWatcher.Start(() => Post(EngineCommand.PathsChanged), out string? refusal);
            Shortfalls = refusal is null ? Shortfalls : [.. Shortfalls,
                $"the system does not tell when this host's addresses change (netlink: {refusal}): tunnels then need up to 10 s longer to "
                + "go on; under systemd, RestrictAddressFamilies= must name AF_NETLINK"];
        }
    }

    /// <inheritdoc/>
    public void Stop()
    {
        _started = true;
        lock (_listenChanges)
        {
            // Each order is carried out first, because the workers still turn.
            if (_stopped)
            {
                return;
            }

            _stopped = true;
        }

        _watcher?.Dispose();
        foreach (LinuxWorker worker in _workers)
        {
            worker.Stop(Abandon);
        }

        _held?.Close();
        foreach (LinuxWorker worker in _workers)
        {
            worker.CloseRecords(batch => EndPart(batch, isDone: false));
        }

        foreach (LinuxWorker worker in _workers)
        {
            worker.Dispose();
        }
    }

    /// <inheritdoc/>
    public bool Post(EngineCommand command)
    {
        LinuxWorker[] workers = _workers;
        bool taken = workers.Length > 0 && !_stopped;
        foreach (LinuxWorker worker in workers)
        {
            taken &= worker.Post(command);
        }

        return taken;
    }

    /// <inheritdoc/>
    public void Query(EngineQuery query)
    {
        query.Begin();
        if (Interlocked.Increment(ref _queries) > QueryLine.Capacity)
        {
            Interlocked.Decrement(ref _queries);
            query.End(QueryOutcome.Busy);
        }
        else if (_workers.Length == 0 || _stopped)
        {
            Abandon(query);
        }
        else
        {
            Pass(query);
        }
    }

    /// <summary>Stops the engine.</summary>
    public void Dispose() => Stop();

    /// <summary>Says it, in one sentence, if a listening socket got smaller buffers than it asked for.</summary>
    internal static IReadOnlyList<string> ShortfallsOf(int received, int sent) => RefusalText.Shortfalls(
        [new("a receive buffer", received, "net.core.rmem_max"), new("a send buffer", sent, "net.core.wmem_max")],
        "give the relay CAP_NET_ADMIN");

    /// <summary>A query goes from worker to worker. No more are under way than each has room for.</summary>
    private void Pass(EngineQuery query)
    {
        if (query.Owner == _workers.Length)
        {
            Interlocked.Decrement(ref _queries);
            query.End(QueryOutcome.Answered);
        }
        else if (!_workers[query.Owner++].Ask(query))
        {
            Abandon(query);
        }
    }

    private void Abandon(EngineQuery query)
    {
        query.Begin();
        foreach (LinuxWorker worker in _workers)
        {
            worker.AddFigures(query);
        }

        Interlocked.Decrement(ref _queries);
        query.End(QueryOutcome.NotRunning);
    }

    private Action<RelayEvent>? OneAtATime(Action<RelayEvent>? observe) => observe is null
        ? null
        : change =>
        {
            lock (_observing)
            {
                observe(change);
            }
        };
}
