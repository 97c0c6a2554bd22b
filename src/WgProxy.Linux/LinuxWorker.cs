using WgProxy.Core;
using WgProxy.Core.Mappings;
using WgProxy.Linux.Net;

namespace WgProxy.Linux;

/// <summary>
/// One thread with its listening sockets, its relay, its upstream sockets and its buffers. Each turn runs to completion:
/// what has arrived is read, decided and sent, before anything else is looked at. One clock reading and one publication
/// of counters per turn; nothing is allocated for a datagram, nor to open and close a mapping. Rare paths, here and in
/// Core, are marked not to be inlined: else a turn becomes one method, which costs megabytes to compile (decision 15).
/// </summary>
internal sealed partial class LinuxWorker : IDisposable
{
    // Whatever the clock does meanwhile, it is looked at that often.
    private const long LongestWait = 1_000;
    private const long OverflowInterval = 1_000;

    // How often the only socket that had something is read again before the others are asked.
    private const int Again = 8;

    // Receives per turn on each socket for initiations: verifying one costs as much as relaying several datagrams of data.
    private const int InitiationBudget = 16;

    private readonly EngineSettings _settings;
    private readonly Offload _offload;
    private readonly TimeProvider _time;
    private readonly long _zero;
    private readonly Relay _relay;
    private readonly PortPool? _ports;
    private readonly IReadOnlyList<ListenSocket> _listeners;
    private readonly ClientTable _clients;
    private readonly Upstream[] _upstreams;
    private readonly ReceiveBatch _fromClients = new();
    private readonly ReceiveBatch _fromServers = new();
    private readonly ReplyBatch _replies = new();
    private readonly Outbox _toServers;
    private readonly Outbox _toClients;
    private readonly Poller _poller;
    private readonly WakeUp _wake;
    private readonly Alarm _alarm;
    private readonly Thread _thread;
    private readonly Lock _publishing = new();
    private readonly RelayCounters _published = new();
    private volatile bool _stopped;

    /// <summary>A worker that is told all this, with its share of limits and ports.</summary>
    /// <param name="settings">What the engine was told, this worker's share of it.</param>
    /// <param name="offload">What is left to the kernel.</param>
    /// <param name="time">The clock.</param>
    /// <param name="zero">The clock's zero, the same for all workers.</param>
    /// <param name="listeners">This worker's listening sockets, which it owns from here on.</param>
    /// <param name="name">The thread's name.</param>
    /// <exception cref="EngineException">The system refused.</exception>
    public LinuxWorker(
        EngineSettings settings,
        Offload offload,
        TimeProvider time,
        long zero,
        IReadOnlyList<ListenSocket> listeners,
        string name)
    {
        _settings = settings;
        _offload = offload;
        _time = time;
        _zero = zero;
        _listeners = listeners;
        _relay = new Relay(settings.Relay, settings.Routes);
        _ports = settings.Ports.Count == 0
            ? null
            : new PortPool(settings.Ports, settings.Relay.LingerTimeout, RandomBits.DrawPair());
        _upstreams = new Upstream[_relay.Slots];
        _clients = new ClientTable(_relay.Slots);
        _toServers = new Outbox(_relay.Slots, _relay.Counters, offload.MustEndShort, clients: null);
        _toClients = new Outbox(_relay.Slots, _relay.Counters, offload.MustEndShort, _clients);
        _poller = Poller.Open(out int error) ?? throw NoResource("epoll", error);
        _wake = WakeUp.Open(out error) ?? throw NoResource("eventfd", error);
        _alarm = Alarm.Open(out error) ?? throw NoResource("timerfd", error);
        Watch();
        _thread = new Thread(Run) { IsBackground = true, Name = name };
    }

    /// <summary>What decides, on this worker's thread.</summary>
    public Relay Relay => _relay;

    /// <summary>Begins to relay.</summary>
    public void Start() => _thread.Start();

    /// <summary>Stops relaying; returns when the thread has ended.</summary>
    public void Stop()
    {
        _stopped = true;
        _wake.Ring();
        if (!_thread.ThreadState.HasFlag(ThreadState.Unstarted))
        {
            _thread.Join();
        }
    }

    /// <summary>Adds what this worker had counted after its last turn. May be called from any thread.</summary>
    public void AddCountersTo(RelayCounters sum)
    {
        lock (_publishing)
        {
            sum.Add(_published);
        }
    }

    /// <summary>Closes every socket and frees the buffers. After <see cref="Stop"/>.</summary>
    public void Dispose()
    {
        foreach (ListenSocket listener in _listeners)
        {
            listener.Socket.Dispose();
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
        _alarm.Dispose();
        _fromClients.Dispose();
        _fromServers.Dispose();
        _replies.Dispose();
        _toServers.Dispose();
        _toClients.Dispose();
        _clients.Dispose();
    }

    private void Run()
    {
        bool isDue = false;
        Tick count = default;
        while (!_stopped)
        {
            int ready = _poller.Wait(forever: !isDue);
            Tick now = new((long)_time.GetElapsedTime(_zero).TotalMilliseconds);
            int received = Serve(ready, now);

            // Where several datagrams waited, more have come meanwhile: asking the socket itself saves a wait in between.
            for (int again = 0; again < Again && ready == 1 && received > 1; again++)
            {
                received = Serve(ready, now);
            }

            Tick next = _relay.Advance(now);
            HandleEvents(now);
            if (now >= count)
            {
                CountOverflows();
                count = now + OverflowInterval;
            }

            Publish();
            isDue = next <= now;
            if (!isDue && next != Tick.Never)
            {
                _alarm.SetWithin(Math.Min(next - now, LongestWait), now);
            }
        }
    }

    /// <summary>One turn: data of clients as it is reported, then what servers sent, all of it in one batch, and at last
    /// a bounded number of initiations. How many receives brought data.</summary>
    private int Serve(int ready, Tick now)
    {
        int received = 0;
        bool initiations = false;
        for (int i = 0; i < ready; i++)
        {
            ulong token = _poller.Token(i);
            int index = (int)(uint)token;
            switch ((Kind)(token >> 32))
            {
                case Kind.Upstream:
                    received += ReadServer(index, now);
                    break;
                case Kind.Data:
                    received += ReadClients(_listeners[index], ReceiveBatch.Capacity, now);
                    break;
                case Kind.Initiations:
                    initiations = true;
                    break;
                case Kind.Alarm:
                    _alarm.Quiet();
                    break;
                default:
                    _wake.Quiet();
                    break;
            }
        }

        AnswerClients();
        for (int i = 0; initiations && i < _listeners.Count; i++)
        {
            if (_listeners[i].Intake == Intake.Initiations)
            {
                ReadClients(_listeners[i], InitiationBudget, now);
            }
        }

        return received;
    }

    private void Watch()
    {
        int error = _poller.Watch(_wake.Descriptor, Token(Kind.Wake, 0));
        error = error == 0 ? _poller.Watch(_alarm.Descriptor, Token(Kind.Alarm, 0)) : error;
        for (int i = 0; i < _listeners.Count && error == 0; i++)
        {
            Kind kind = _listeners[i].Intake == Intake.Initiations ? Kind.Initiations : Kind.Data;
            error = _poller.Watch(_listeners[i].Socket.Descriptor, Token(kind, i));
        }

        if (error != 0)
        {
            throw NoResource("epoll", error);
        }
    }

    private void Publish()
    {
        lock (_publishing)
        {
            _relay.Counters.CopyTo(_published);
        }
    }

    private static ulong Token(Kind kind, int index) => ((ulong)kind << 32) | (uint)index;

    private static EngineException NoResource(string what, int error) =>
        new($"the system refuses {what}: {new System.ComponentModel.Win32Exception(error).Message}");

    private enum Kind
    {
        Wake,
        Alarm,
        Data,
        Initiations,
        Upstream,
    }
}
