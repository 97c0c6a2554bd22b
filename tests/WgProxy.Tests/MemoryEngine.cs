using System.Net;
using System.Net.Sockets;
using WgProxy.Core;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;
using WgProxy.Core.Routes;

namespace WgProxy.Tests;

/// <summary>
/// The engine without a kernel: driven by whoever sends on its network and by a clock that a test moves. It also takes
/// runs of several datagrams, which sockets of .NET never deliver.
/// </summary>
internal sealed partial class MemoryEngine : IEngine
{
    private readonly EngineSettings _settings;
    private readonly MemoryEngineNetwork _network;
    private readonly Relay _relay;
    private readonly UpstreamPorts _ports;
    private readonly Upstream?[] _upstreams;
    private readonly Lock _asking = new();
    private readonly TurnMeter _turns = new();
    private readonly QueryLine _queries = new(0, 1_000, query => query.End(QueryOutcome.Answered));
    private Tick _now;
    private bool _stopped;

    public MemoryEngine(EngineSettings settings, MemoryEngineNetwork network)
    {
        _settings = settings;
        _network = network;
        _relay = new Relay(settings.Relay, settings.Routes);
        _upstreams = new Upstream?[_relay.Slots];
        _ports = new UpstreamPorts(settings.Ports, settings.Relay.LingerTimeout, settings.Seeds.Ports, new AddressPool(settings.Binding.Addresses));
        _restores = new RestoreLine(_ => true, Reopen, batch => batch.End(RestoreOutcome.Done), (in MappingRecord record, Relay relay) => new ListenPlaces(Listening, knowsLocal: false).Place(record, relay));
        PrepareRecords();
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Shortfalls => [];

    public IReadOnlyList<IPEndPoint> Listening { get; private set; } = [];

    /// <summary>The largest number of datagrams that left as one run.</summary>
    public int LongestRun { get; private set; }

    /// <inheritdoc/>
    public void Start()
    {
        if (_stopped || Listening.Count > 0)
        {
            throw new InvalidOperationException("An engine starts once.");
        }

        Listening = [.. _settings.Listen.SelectMany(Listen)];
        _settings.Starting?.Invoke(this);
    }

    /// <inheritdoc/>
    public void Stop()
    {
        _stopped = true;
        foreach (IPEndPoint listening in Listening)
        {
            _network.Close(listening);
        }

        foreach (Upstream upstream in _upstreams.OfType<Upstream>())
        {
            _network.Close(upstream.Local);
        }
    }

    /// <inheritdoc/>
    public bool Post(EngineCommand command)
    {
        if (_stopped || Listening.Count == 0)
        {
            return false;
        }

        // There is one thread: between two turns is now.
        if (command.Kind == EngineCommandKind.RouteChanged)
        {
            _relay.RouteChanged(command.Route);
        }
        else
        {
            FollowPaths();
        }

        Advance(TimeSpan.Zero);
        return true;
    }

    /// <inheritdoc/>
    public void Query(EngineQuery query)
    {
        query.Begin();
        if (_stopped || Listening.Count == 0)
        {
            _queries.AddFigures(query, _relay, _turns, _now);
            query.End(QueryOutcome.NotRunning);
            return;
        }

        // This engine has no thread of its own: each asker is the owner for as long as it takes.
        lock (_asking)
        {
            _ = _queries.Post(query);
            bool isMore;
            do
            {
                _turns.Note(1, _now);
                isMore = _queries.Continue(_relay, _turns, _now);
                HandleEvents();
            }
            while (isMore);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Stop();

    /// <summary>Lets time pass.</summary>
    public void Advance(TimeSpan span)
    {
        _now += span;
        while (_relay.Advance(_now) <= _now)
        {
            HandleEvents();
        }

        HandleEvents();
        WriteRecords();
    }

    // This host has one address of each family.
    private IEnumerable<IPEndPoint> Listen(IPEndPoint listen) => !listen.Address.Equals(IPAddress.IPv6Any)
        ? [Bind(listen.Address, listen.Port)]
        : [Bind(IPAddress.IPv6Loopback, listen.Port), Bind(IPAddress.Loopback, listen.Port)];

    private IPEndPoint Bind(IPAddress address, int port)
    {
        IPEndPoint? listening = null;
        listening = _network.Bind(address, port, (run, stride, from) => FromClient(run, stride, from, listening!));
        return listening;
    }

    private void FromClient(ReadOnlySpan<byte> run, int stride, IPEndPoint client, IPEndPoint listening)
    {
        Source source = Source.From(client, listening.Address, (ushort)listening.Port);
        do
        {
            Decision decision = _relay.FromClient(run, stride, source, _now);
            HandleEvents();
            if (decision.Verdict == Verdict.Reply)
            {
                Send(_relay.Reply, _relay.Reply.Length, listening, client);
            }

            Upstream? upstream = decision.Verdict switch
            {
                Verdict.Forward => _upstreams[decision.Slot],
                Verdict.Open => Open(decision.Slot, client, listening),
                _ => null,
            };
            if (upstream is not null)
            {
                Send(run[..decision.Length], stride, upstream.Local, upstream.Server);
            }

            run = run[decision.Length..];
        }
        while (!run.IsEmpty);
        WriteRecords();
    }

    private void FromServer(Upstream upstream, ReadOnlySpan<byte> run, int stride, IPEndPoint from)
    {
        // The upstream socket is connected: nobody else is heard on it.
        while (from.Equals(upstream.Server))
        {
            Decision decision = _relay.FromServer(upstream.Slot, run, stride, _now);
            HandleEvents();
            if (decision.Verdict == Verdict.Forward)
            {
                Send(run[..decision.Length], stride, upstream.Listening, upstream.Client);
            }

            run = run[decision.Length..];
            if (run.IsEmpty)
            {
                WriteRecords();
                return;
            }
        }
    }

    private Upstream? Open(int slot, IPEndPoint client, IPEndPoint listening)
    {
        bool isOpen = _ports.TryOpen<IPEndPoint>(TryBind, ServerOf(slot), _now, out IPEndPoint? local, out OpenRefusal refusal);
        while (!isOpen && refusal.IsUnreachable && _relay.TryNextServer(slot, _now))
        {
            isOpen = _ports.TryOpen<IPEndPoint>(TryBind, ServerOf(slot), _now, out local, out refusal);
        }

        if (local is null)
        {
            _relay.OpenFailed(slot);
            HandleEvents();
            return null;
        }

        Upstream upstream = Begin(slot, local, client, listening);
        _relay.Opened(slot, (ushort)upstream.Local.Port);
        HandleEvents();
        return upstream;
    }

    private Upstream Begin(int slot, IPEndPoint local, IPEndPoint client, IPEndPoint listening)
    {
        IPEndPoint server = ServerOf(slot);
        Upstream? upstream = null;
        IPEndPoint bound = _network.Bind(local.Address, local.Port, (run, stride, from) => FromServer(upstream!, run, stride, from));
        return _upstreams[slot] = upstream = new Upstream(slot, bound, server, client, listening);
    }

    private IPEndPoint ServerOf(int slot)
    {
        IPEndPoint server = _relay.ServerOf(slot);
        return server.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(server.Address.MapToIPv4(), server.Port) : server;
    }

    // As on a real host: a broadcast address is refused to whoever did not ask for it, a link-local one without its interface.
    private static bool IsReachable(IPEndPoint server) =>
        !server.Address.Equals(IPAddress.Broadcast) && server.Address is not { IsIPv6LinkLocal: true, ScopeId: 0 };

    private void Redirect(Upstream former)
    {
        IPEndPoint server = ServerOf(former.Slot);
        if (!IsReachable(server))
        {
            _relay.Unreachable(former.Slot, ordered: true, _now);
            return;
        }

        Reconnect(former);
    }

    private void FollowPaths()
    {
        foreach (Upstream upstream in _upstreams.OfType<Upstream>().Where(upstream => _settings.Binding.IsNone && !_network.LocalFor(upstream.Server).Equals(upstream.Local.Address)).ToArray())
        {
            Reconnect(upstream);
            _relay.Rerouted(upstream.Slot);
        }
    }

    private void Reconnect(Upstream former)
    {
        _network.Close(former.Local);
        Begin(former.Slot, new IPEndPoint(_network.LocalFor(ServerOf(former.Slot)), former.Local.Port), former.Client, former.Listening);
    }

    private void HandleEvents()
    {
        for (int i = 0; i < _relay.Events.Length; i++)
        {
            RelayEvent change = _relay.Events[i];
            switch (change.Duty())
            {
                case EngineDuty.Close:
                    Upstream upstream = _upstreams[change.Slot]!;
                    _upstreams[change.Slot] = null;
                    _network.Close(upstream.Local);
                    _ports.Rest((ushort)upstream.Local.Port, _now, change.ServerUsedPort);
                    _relay.Release(change.Slot);
                    break;
                case EngineDuty.Redirect:
                    Redirect(_upstreams[change.Slot]!);
                    break;
            }

            _settings.Observe?.Invoke(change);
        }

        _relay.ClearEvents();
    }

    private void Send(ReadOnlySpan<byte> run, int stride, IPEndPoint from, IPEndPoint to)
    {
        LongestRun = Math.Max(LongestRun, stride == 0 ? 1 : (run.Length + stride - 1) / stride);
        _network.Send(run, stride, from, to);
    }

    private sealed record Upstream(
        int Slot, IPEndPoint Local, IPEndPoint Server, IPEndPoint Client, IPEndPoint Listening);
}
