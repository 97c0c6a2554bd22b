using WgProxy.Core;
using WgProxy.Core.Engine;
using WgProxy.Linux.Listen;
using WgProxy.Linux.Net;
using WgProxy.Linux.Send;

namespace WgProxy.Linux.Workers;

/// <summary>
/// One thread with its listening sockets, its relay, its upstream sockets and its buffers. Each turn runs to completion:
/// what has arrived is read, decided and sent, before anything else is looked at. One clock reading per turn decides; nothing is allocated for a datagram, and to open and
/// close a mapping nothing but what the queues of resting ports grow by. Rare paths, here and in
/// Core, are marked not to be inlined: else a turn becomes one method, which costs megabytes to compile (decision 15).
/// </summary>
internal sealed partial class LinuxWorker : IDisposable
{
    private readonly EngineSettings _settings;
    private readonly Segmentation _segmentation;
    private readonly EarlyPorts? _early;
    private readonly TimeProvider _time;
    private readonly long _zero;
    private readonly Relay _relay;
    private readonly UpstreamDoor _door;
    private readonly UpstreamPorts _ports;
    private readonly PortOpener<UdpDescriptor> _connect;
    private readonly List<ListenSocket> _listeners;
    private readonly ClientTable _clients;
    private readonly Upstream[] _upstreams;
    private readonly ReceiveBatch _fromClients = new();
    private readonly ReceiveBatch _fromServers = new();
    private readonly ReplyBatch _replies = new();
    private readonly Outbox _toServers;
    private readonly Outbox _toClients;
    private readonly Poller _poller;
    private readonly WakeUp _wake;
    private readonly Mailbox _mailbox = new();
    private readonly DeadlineTimer? _alarm;
    private readonly Thread _thread;
    private readonly TurnMeter _turns = new();
    private readonly QueryLine _queries;
    private readonly bool _isRealTime;
    private SpinPolicy _spinPolicy;
    private InitiationBudget _unlimited = InitiationBudget.Unlimited;
    private bool _uncounted;
    private bool _isAsked;
    private volatile bool _stopped;

    /// <summary>A worker that is told all this, with its share of limits and ports.</summary>
    /// <param name="settings">What the engine was told, this worker's share of it.</param>
    /// <param name="own">What only this engine is told.</param>
    /// <param name="time">The clock.</param>
    /// <param name="zero">The clock's zero, the same for all workers.</param>
    /// <param name="listeners">This worker's listening sockets, which it owns from here on.</param>
    /// <param name="number">Its number among the workers.</param>
    /// <param name="firstSlot">The number of its first slot within the whole engine.</param>
    /// <param name="answered">Told, on the thread, when its part of a query is done.</param>
    /// <exception cref="EngineException">The system refused.</exception>
    public LinuxWorker(
        EngineSettings settings,
        LinuxEngineSettings own,
        TimeProvider time,
        long zero,
        IReadOnlyList<ListenSocket> listeners,
        int number,
        int firstSlot,
        Action<EngineQuery> answered)
    {
        _settings = settings;
        _segmentation = own.Segmentation;
        _early = own.Early;
        _spinPolicy = new SpinPolicy(own.BusyPoll);
        _time = time;
        _isRealTime = time == TimeProvider.System;
        _zero = zero;
        _queries = new QueryLine(firstSlot, System.Diagnostics.Stopwatch.Frequency, answered);
        _listeners = [.. listeners];
        _initiations = [.. listeners.Where(listener => listener.Role == ListenRole.Initiations).Select(listener => listener.Socket.IsIPv4).Distinct().Select(isIPv4 => new Initiations(isIPv4))];
        Array.ForEach(_initiations, each => each.MakeRoom(listeners.Count));
        _relay = new Relay(settings.SeededRelay, settings.Routes, settings.Mac1Matcher);
        _door = new UpstreamDoor(settings.Binding);
        _paths = new PathProbe(_door);
        _ports = new UpstreamPorts(settings.Ports, settings.Relay.LingerTimeout, settings.Seeds.Ports, _door.Addresses, settings.RestoredPorts);
        _connect = TryConnect;
        _upstreams = new Upstream[_relay.Slots];
        _clients = new ClientTable(_relay.Slots);
        _toServers = new Outbox(_relay.Slots, _relay.Counters, _segmentation.MustEndShort, clients: null, _segmentation.Rings);
        _toClients = new Outbox(_relay.Slots, _relay.Counters, _segmentation.MustEndShort, _clients);
        _poller = Poller.Open(out int error) ?? throw Refusal.Of("epoll_create1", error, RefusalText.Allow);
        _wake = WakeUp.Open(out error) ?? throw Refusal.Of("eventfd2", error, RefusalText.AllowOrPortable);

        // Where there is none, each wait is given its end.
        _alarm = DeadlineTimer.Open(out _);
        Watch();
        _thread = new Thread(Loop) { IsBackground = true, Name = $"worker {number}" };
    }

    /// <summary>What decides, on this worker's thread.</summary>
    public Relay Relay => _relay;

    /// <summary>Begins to relay.</summary>
    public void Start() => _thread.Start();

    /// <summary>Stops relaying; returns when the thread has ended.</summary>
    /// <param name="unanswered">Told of each query that still waits.</param>
    public void Stop(Action<EngineQuery> unanswered)
    {
        _stopped = true;
        _wake.Ring();
        if (!_thread.ThreadState.HasFlag(ThreadState.Unstarted))
        {
            _thread.Join();
        }

        _queries.Close(unanswered);
    }

    /// <summary>Leaves a query and wakes the thread. May be called from any thread. Whether it waits now.</summary>
    public bool Ask(EngineQuery query)
    {
        bool waits = _queries.Post(query) == QueryOutcome.Waiting;
        if (waits)
        {
            _wake.Ring();
        }

        return waits;
    }

    /// <summary>Leaves a command and wakes the thread. May be called from any thread. False if there is no room.</summary>
    public bool Post(EngineCommand command)
    {
        bool taken = _mailbox.TryPost(command);
        return _wake.Ring() && taken;
    }

    /// <summary>Adds this worker's figures to a query. Exact once the thread has ended.</summary>
    public void AddFigures(EngineQuery query) => _queries.AddFigures(query, _relay, _turns, Now());

    /// <summary>Closes every socket and frees the buffers. After <see cref="Stop"/>.</summary>
    public void Dispose()
    {
        foreach (ListenSocket listener in _listeners)
        {
            listener.Socket.Dispose();
            listener.Strangers.Dispose();
        }

        for (int slot = 0; slot < _upstreams.Length; slot++)
        {
            if (_upstreams[slot].IsOpen)
            {
                _upstreams[slot].Socket.Close();
                _upstreams[slot] = default;
            }
        }

        _poller.Dispose();
        _wake.Dispose();
        _alarm?.Dispose();
        _fromClients.Dispose();
        foreach (Initiations held in _initiations)
        {
            held.Batch.Dispose();
        }

        _fromServers.Dispose();
        _replies.Dispose();
        _toServers.Dispose();
        _toClients.Dispose();
        _clients.Dispose();
        _paths.Dispose();
    }

    private void Watch()
    {
        int error = _poller.Watch(_wake.Descriptor, Token(Kind.Wake, 0));
        error = error == 0 && _alarm is not null ? _poller.Watch(_alarm.Descriptor, Token(Kind.DeadlineTimer, 0)) : error;
        for (int i = 0; i < _listeners.Count && error == 0; i++)
        {
            error = _poller.Watch(_listeners[i].Socket.Descriptor, TokenOf(i));
        }

        if (error != 0)
        {
            throw Refusal.Of("epoll_ctl", error, RefusalText.Allow);
        }

        if (_poller.TryWait() is not 0 and int refusal)
        {
            throw Refusal.Of("epoll_wait", refusal, RefusalText.Allow);
        }
    }

    private Tick Now() => new((long)_time.GetElapsedTime(_zero).TotalMilliseconds);

    private static ulong Token(Kind kind, int index) => ((ulong)kind << 32) | (uint)index;

    private enum Kind
    {
        Wake,
        DeadlineTimer,
        Data,
        Initiations,
        Upstream,
    }
}
