using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using WgProxy.Core;
using WgProxy.Core.Admission;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;

namespace WgProxy.Portable;

/// <summary>
/// The engine for every system that .NET runs on: one datagram per system call, no native code. A thread per listening
/// socket, the thread pool for upstream sockets, and a thread for deadlines take turns at the relay under one lock. (A
/// relay has one owner at a time; here it is the holder of the lock.) Nothing is allocated per datagram.
/// The sockets of .NET impose two limits. ECN bits are not carried across. Where the engine listens on every address of the host, replies
/// leave from one that the system chooses, not from the one that the client used. If clients use another, the engine
/// must listen on that by name.
/// </summary>
public sealed partial class PortableEngine : IEngine
{
    private const int BufferLength = 65_536;

    // Datagrams that one upstream socket may deliver before others get the lock.
    private const int FairBudget = 64;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly EngineSettings _settings;
    private readonly TimeProvider _time;
    private readonly long _zero;
    private readonly Relay _relay;
    private readonly PortableEngineDoor _door;
    private readonly PortOpener<Socket> _connect;
    private readonly UpstreamPorts _ports;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferLength, pinned: true);
    private readonly Mailbox _mailbox = new();
    private readonly TurnMeter _turns = new();
    private readonly QueryLine _queries;
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly CountdownEvent _readers = new(1);
    private readonly PortableEngineUpstream?[] _upstreams;
    private PortableEngineListener[] _listeners = [];
    private Thread? _clock;
    private OpenRefusal _refusal;
    private volatile bool _stopped;

    // To wake its readers, .NET shuts a socket down when it closes it. That would be for all who have it. So the readers end first.
    private bool _othersHaveListeners;

    /// <summary>An engine with these settings and this monotonic clock.</summary>
    public PortableEngine(EngineSettings settings, TimeProvider? time = null)
    {
        _settings = settings;
        _time = time ?? TimeProvider.System;
        _zero = _time.GetTimestamp();
        _queries = new QueryLine(0, Stopwatch.Frequency, static query => query.End(QueryOutcome.Answered));
        _relay = new Relay(settings.SeededRelay, settings.Routes, settings.Mac1Matcher);
        _upstreams = new PortableEngineUpstream?[_relay.Slots];
        _restores = new RestoreLine(static _ => true, Reopen, static batch => batch.End(RestoreOutcome.Done), (in MappingRecord record, Relay relay) => _places.Place(record, relay));
        if (settings.Journal is JournalSettings journal)
        {
            _records = new RecordLine(journal, slot => PortableEngineSockets.NumberOf(_upstreams[slot]!.Local));
            _relay.KeepJournal();
        }

        if (settings.Directory is DirectorySettings directory)
        {
            _directory = new DirectoryLine(directory, owner: 0);
            _relay.KeepDirectory();
        }

        // A port rests as long as a server may still send to it: for the same reason that a mapping lingers.
        _door = new PortableEngineDoor(settings.Binding);
        _connect = _door.TryConnect;
        _ports = new UpstreamPorts(settings.Ports, settings.Relay.LingerTimeout, settings.Seeds.Ports, _door.Addresses, settings.RestoredPorts);
    }

    /// <inheritdoc/>
    public IReadOnlyList<IPEndPoint> Listening { get; private set; } = [];

    /// <inheritdoc/>
    public IReadOnlyList<string> Shortfalls { get; private set; } = [];

    /// <summary>Who goes first where data and initiations wait.</summary>
    internal PortableEngineRightOfWay RightOfWay { get; } = new();

    /// <summary>Tries what upstream sockets are to be bound to, as an engine does before it starts. Listens nowhere.</summary>
    /// <exception cref="EngineException">The system refused, or this engine cannot do it.</exception>
    public static void TryBinding(UpstreamBinding binding) => new PortableEngineDoor(binding).Try();

    /// <inheritdoc/>
    public void Start()
    {
        if (_clock is not null || _stopped)
        {
            throw new InvalidOperationException("An engine starts once.");
        }

        _door.Try();
        StrangerSpread spread = new(_settings.Seeds.Strangers, _settings.Subnets);
        spread.LookUpSubnets();
        _asked = _settings.Listen;
        IReadOnlyList<PortableEngineGroup> groups = PortableEngineSockets.ListenOrRefuse(
            _settings.Listen, Socket.OSSupportsIPv4, Socket.OSSupportsIPv6, mayShare: OperatingSystem.IsLinux(), _settings.Inherited);
        _listeners = [.. groups.SelectMany(group => Listeners(group, new PortableEngineStrangers(group.Strangers, spread)))];
        Listening = [.. _listeners.Where(listener => listener.Data == listener).Select(listener => listener.EndPoint)];
        Shortfalls = [.. RefusalText.WithoutSteering([.. _settings.Inherited?.HandedOver ?? []]),
            .. PortableEngineSockets.Shortfalls(_listeners.Min(listener => listener.GrantedReceiveBuffer))];
        _places = new ListenPlaces(Listening, knowsLocal: false);
        _othersHaveListeners = _settings.Inherited?.Keep is not null || groups.Any(group => group.IsInherited);
        PortableEngineKept.Keep(groups, _settings.Inherited);
        _clock = new Thread(KeepTime) { IsBackground = true, Name = "deadlines" };
        _clock.Start();
        _settings.Starting?.Invoke(this);
        foreach (PortableEngineListener listener in _listeners)
        {
            listener.Start();
        }

        _spread = spread;
    }

    /// <inheritdoc/>
    public void Stop()
    {
        lock (_listenChanges)
        {
            End();
        }
    }

    private void End()
    {
        lock (_lock)
        {
            if (_stopped)
            {
                return;
            }

            _stopped = true;
            if (!_othersHaveListeners)
            {
                CloseListeners();
            }

            foreach (PortableEngineUpstream? upstream in _upstreams)
            {
                upstream?.Close();
            }
        }

        _wake.Set();
        _clock?.Join();
        foreach (PortableEngineListener listener in _listeners)
        {
            listener.Join();
        }

        CloseListeners();
        _readers.Signal();
        _readers.Wait();
        _restores.Close(static batch => batch.End(RestoreOutcome.NotRunning));
        _queries.Close(Abandon);
    }

    /// <inheritdoc/>
    public bool Post(EngineCommand command)
    {
        bool taken = !_stopped && _clock is not null && _mailbox.TryPost(command);
        if (taken)
        {
            _wake.Set();
        }

        return taken;
    }

    /// <inheritdoc/>
    public void Query(EngineQuery query)
    {
        query.Begin();
        switch (_clock is null || _stopped ? QueryOutcome.NotRunning : _queries.Post(query))
        {
            case QueryOutcome.Waiting:
                _wake.Set();
                break;
            case QueryOutcome.Busy:
                query.End(QueryOutcome.Busy);
                break;
            default:
                Abandon(query);
                break;
        }
    }

    /// <summary>Stops the engine.</summary>
    public void Dispose()
    {
        Stop();
        _wake.Dispose();
        _readers.Dispose();
    }

    /// <summary>Whether nothing is to be read any more.</summary>
    internal bool HasStopped => _stopped;

    /// <summary>A client's datagram arrived. False if the engine has stopped.</summary>
    internal bool FromClient(
        PortableEngineListener listener, ReadOnlySpan<byte> datagram, in Source source, SocketAddress client)
    {
        bool isData = listener.Data == listener;
        if (isData)
        {
            RightOfWay.Wait();
        }
        else
        {
            RightOfWay.GiveWay();
        }

        lock (_lock)
        {
            if (isData)
            {
                RightOfWay.Enter();
            }

            if (_stopped || listener.IsEnding)
            {
                return false;
            }

            long began = Stopwatch.GetTimestamp();
            Tick now = Now();
            if (_restores.HasBatch)
            {
                _restores.RestoreClient(_relay, source, now);
            }

            Decision decision = _relay.FromClient(datagram, datagram.Length, source, now);
            HandleEvents(now);
            if (decision.Verdict == Verdict.Reply)
            {
                Reply(listener, decision.Slot, source, client, now);
            }

            PortableEngineUpstream? upstream = decision.Verdict switch
            {
                Verdict.Forward => _upstreams[decision.Slot],
                Verdict.Open => Open(decision.Slot, listener, client, now),
                _ => null,
            };
            if (upstream?.Send(datagram) is EngineFault fault)
            {
                _relay.Counters.Count(fault);
            }

            _turns.Note(Stopwatch.GetTimestamp() - began, now);
            return true;
        }
    }

    /// <summary>A listening socket reported an error. False if the engine has stopped.</summary>
    internal bool ReceiveFailed()
    {
        lock (_lock)
        {
            if (!_stopped)
            {
                _relay.Counters.Count(EngineFault.ReceiveFailed);
            }

            return !_stopped;
        }
    }

    private void CloseListeners()
    {
        foreach (PortableEngineListener listener in _listeners)
        {
            listener.Close();
        }
    }

    private IEnumerable<PortableEngineListener> Listeners(PortableEngineGroup group, PortableEngineStrangers strangers)
    {
        PortableEngineListener data = new(this, group.Data, strangers, data: null);
        return group.Initiations is null ? [data] : [data, new PortableEngineListener(this, group.Initiations, strangers, data)];
    }

    // A client that has shown that it receives does not become a stranger when an attacker forges its address.
    private void Reply(PortableEngineListener listener, int slot, in Source source, SocketAddress client, Tick now)
    {
        bool sent = slot >= 0 && _upstreams[slot]?.Proven is PortableEngineListener proven
            ? proven.TrySend(_relay.Reply, client)
            : listener.Strangers.TryReply(_relay.Reply, source, client, listener, now);
        if (!sent)
        {
            _relay.Counters.Count(EngineFault.StrangerUnanswered);
        }
    }

    private void KeepTime()
    {
        while (true)
        {
            TimeSpan wait;
            lock (_lock)
            {
                if (_stopped)
                {
                    return;
                }

                long began = Stopwatch.GetTimestamp();
                Tick now = Now();
                RunCommands();
                Tick next = _relay.Advance(now);
                HandleEvents(now);
                next = Tick.Min(next, LookAtPaths(now));
                next = Tick.Min(next, ContinueRecords(now));
                next = _queries.Continue(_relay, _turns, now) ? now : next;

                // What a query orders to end, ends before the next datagram.
                HandleEvents(now);
                _turns.Note(Stopwatch.GetTimestamp() - began, now);
                wait = next == Tick.Never ? Timeout.InfiniteTimeSpan
                    : next <= now ? TimeSpan.Zero
                    : TimeSpan.FromMilliseconds(Math.Min(next - now, (long)LongestWait.TotalMilliseconds));
            }

            // Zero means that more is due. The lock was free for a moment, so that datagrams pass between the batches.
            if (wait != TimeSpan.Zero)
            {
                _wake.WaitOne(wait);
            }
        }
    }

    private void Abandon(EngineQuery query)
    {
        lock (_lock)
        {
            _queries.AddFigures(query, _relay, _turns, Now());
        }

        query.End(QueryOutcome.NotRunning);
    }

    private void HandleEvents(Tick now)
    {
        for (int i = 0; i < _relay.Events.Length; i++)
        {
            RelayEvent change = _relay.Events[i];
            switch (change.Duty())
            {
                case EngineDuty.Close:
                    Close(change, now);
                    break;
                case EngineDuty.Redirect:
                    Redirect(change.Slot, now);
                    break;
                case EngineDuty.LookAtPath:
                    FollowPath(change.Slot, now, isUnanswered: true);
                    break;
                case EngineDuty.AnswerAsProven:
                    _upstreams[change.Slot]?.Prove(hasReceived: change.Kind == RelayEventKind.Established);
                    break;
            }

            _settings.Observe?.Invoke(change.Kind == RelayEventKind.OpenFailed ? change with { Refusal = _refusal } : change);
        }

        _relay.ClearEvents();
        if (_relay.HasRecords || _relay.HasSought)
        {
            // The thread of deadlines takes them, and may be waiting for something later.
            _wake.Set();
        }
    }

    private Tick Now() => new((long)_time.GetElapsedTime(_zero).TotalMilliseconds);
}
