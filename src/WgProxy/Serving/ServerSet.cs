using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using WgProxy.Configuration;
using WgProxy.Core.Engine;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Hosting;
using WgProxy.Logging;
using WgProxy.Resolving;

namespace WgProxy.Serving;

/// <summary>
/// The servers of a running relay. It makes the routes, keeps their addresses current, watches whether they answer, and takes over
/// what the configuration file has become. One thread at a time changes it; the engine's threads ask for resolution.
/// </summary>
internal sealed partial class ServerSet
{
    private readonly TimeProvider _time;
    private readonly Log _log;
    private readonly ServerNames _names;
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _isOver = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // By the index of the route, so that a thread of the engine finds one without a lock.
    private readonly Served?[] _served;

    // How often any was put there or taken away, and what was there at one of these numbers.
    private int _changes;
    private Snapshot? _now;
    private Announcements? _announcements;
    private OwnAddresses? _own;
    private LookUp? _lookUp;
    private CancellationToken _stop;
    private TimeSpan _idle;
    private AddressList _denied = AddressList.Empty;
    private ImmutableHashSet<(PublicKey Server, PublicKey Peer)> _deniedPeers = [];

    /// <summary>Routes for these servers, without addresses yet.</summary>
    /// <param name="servers">The servers.</param>
    /// <param name="idle">How long an idle tunnel is kept where a server does not say.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">The log, which is told the servers' names.</param>
    public ServerSet(IReadOnlyList<ServerOptions> servers, TimeSpan idle, TimeProvider time, Log log)
    {
        (_time, _log, _idle) = (time, log, idle);
        _served = new Served?[Routes.Capacity];
        _names = new ServerNames(Routes);
        foreach (ServerOptions server in servers)
        {
            Put(Added(server, idle));
        }

        _names.SetCount(servers.Count);
        log.NameOf = _names.Of;
        log.ServerOf = _names.Full;
        log.PeerOf = _names.Of;
    }

    /// <summary>The IP version whose addresses of a server come first; null for the system's order.</summary>
    public AddressFamily? Preferred { get; init; }

    /// <summary>Told after the addresses of a server have changed, on any thread.</summary>
    public Action? AddressesChanged { get; set; }

    /// <summary>The routes, for the engine.</summary>
    public RouteList Routes { get; } = [];

    /// <summary>The servers, as they are served now.</summary>
    public IReadOnlyList<ServerOptions> Servers => [.. All.Select(served => served.Options)];

    /// <summary>The servers while they are served, as of this moment. Any thread may ask. As long as nothing changes, it is the same list.</summary>
    public IReadOnlyList<Served> Now
    {
        get
        {
            // The number is read first: a list that misses a change has a number that is old by then.
            int changes = Volatile.Read(ref _changes);
            if (Volatile.Read(ref _now) is not { } now || now.Changes != changes)
            {
                Volatile.Write(ref _now, now = new Snapshot(changes, [.. All]));
            }

            return now.Servers;
        }
    }

    /// <summary>Ends when servers can be changed: when <see cref="RunAsync"/> has been called.</summary>
    public Task Begun => _begun.Task;

    private IEnumerable<Served> All => _served.OfType<Served>();

    /// <summary>The names of the servers' endpoints, and to what each was resolved last.</summary>
    public IEnumerable<(string Endpoint, IEnumerable<IPAddress> Addresses)> Resolved => All
        .SelectMany(served => served.Options.Endpoints.Zip(served.Addresses))
        .Where(each => each.First.Address is null)
        .Select(each => (each.First.ToString(), each.Second.Addresses.Select(address => address.Address)))
        .DistinctBy(each => each.Item1, StringComparer.Ordinal);

    /// <summary>Serves, until a resolver has answered, by endpoints that are addresses, and by what names were resolved to before a restart. Called
    /// before an engine starts: what waits in inherited sockets then has a server to go to.</summary>
    /// <param name="own">Where the relay itself will listen.</param>
    /// <param name="remembered">The addresses that a name with its port had.</param>
    public void Presume(OwnAddresses own, Func<string, IReadOnlyList<IPAddress>> remembered)
    {
        foreach (Served served in All)
        {
            _ = EndpointAddresses.Follow(served.Route, served.Options.Endpoints, served.Addresses, out IReadOnlyList<EndpointAddresses> all);
            foreach ((EndpointAddresses addresses, ServerName endpoint) in all.Zip(served.Options.Endpoints))
            {
                IEnumerable<IPAddress> known = endpoint.Address is null ? remembered(endpoint.ToString()) : endpoint.IsFixed ? [endpoint.Address] : [];
                addresses.Presume([.. known.Select(EndPointText.Normalise).Distinct()
                    .Where(address => endpoint.Refusal(address) is null && !own.Contains(address, endpoint.Port))
                    .Select(address => new IPEndPoint(address, endpoint.Port))]);
            }

            Put(served with { Addresses = all });
        }
    }

    /// <summary>Keeps the servers' addresses current until cancelled. Returns earlier only if a server that was there from the
    /// beginning is this relay. That has been logged then.</summary>
    /// <param name="announcements">Tells the engine.</param>
    /// <param name="own">Where the relay itself listens.</param>
    /// <param name="lookUp">Asks the system.</param>
    /// <param name="stop">Ends everything.</param>
    public Task RunAsync(Announcements announcements, OwnAddresses own, LookUp lookUp, CancellationToken stop)
    {
        (_announcements, _own, _lookUp, _stop) = (announcements, own, lookUp, stop);
        foreach (Served served in All)
        {
            Begin(served, endsAll: true);
        }

        _begun.SetResult();
        return _isOver.Task.WaitAsync(stop);
    }

    /// <summary>Resolves every name now, for the operator.</summary>
    public void ResolveNow()
    {
        foreach (RouteResolver resolver in All.SelectMany(served => served.Resolvers))
        {
            resolver.ResolveNow();
        }
    }

    /// <summary>Resolves a server's name soon, because it has fallen silent. May be called from any thread.</summary>
    public void ResolveSoon(RouteId route)
    {
        foreach (RouteResolver resolver in Find(route)?.Resolvers ?? [])
        {
            resolver.ResolveSoon();
        }
    }

    /// <summary>Serves other servers from now on. Those that are the same are not touched.</summary>
    /// <param name="servers">The servers.</param>
    /// <param name="idle">How long an idle tunnel is kept where a server does not say.</param>
    public ServerChanges Change(IReadOnlyList<ServerOptions> servers, TimeSpan idle)
    {
        _idle = idle;
        Dictionary<PublicKey, ServerOptions> wanted = servers.ToDictionary(server => server.Key);
        Served[] removed = [.. All.Where(served => !wanted.ContainsKey(served.Options.Key))];
        foreach (Served served in removed)
        {
            Remove(served);
        }

        Dictionary<PublicKey, Served> kept = All.ToDictionary(served => served.Options.Key);
        List<string> added = [];
        List<string> changed = [];
        _names.SetCount(servers.Count);
        foreach (ServerOptions server in servers)
        {
            if (!kept.TryGetValue(server.Key, out Served? former))
            {
                // Put once it is whole: another thread looks at all servers meanwhile.
                Served served = Added(server, idle);
                Begin(served, endsAll: false);
                _announcements!.RouteChanged(served.Id);
                added.Add(server.Name);
            }
            else if (TryChange(former, server, idle))
            {
                changed.Add(server.Name);
            }
        }

        return new ServerChanges(added, [.. removed.Select(served => served.Options.Name)], changed);
    }

    /// <summary>Denies the clients that a rule means new mappings, or a peer new handshakes, for as long as the program runs.</summary>
    public void Deny(DropRule rule)
    {
        if (rule.Peer == default)
        {
            _denied = _denied.With(rule.Clients);
        }
        else if (Find(rule.Route) is { } served && served.Route.Settings.Peers.KeyOf(rule.Peer) is { } peer)
        {
            _deniedPeers = _deniedPeers.Add((served.Options.Key, peer));
        }

        foreach (Served served in All)
        {
            RouteSettings settings = SettingsOf(served.Options, _idle, served.Route.Settings);
            if (!settings.Equals(served.Route.Settings))
            {
                served.Route.Settings = settings;
                _announcements!.RouteChanged(served.Id);
            }
        }
    }

    /// <summary>Looks at each server's figures, and logs which are silent while clients ask.</summary>
    /// <param name="all">The figures of the engine.</param>
    /// <param name="read">Reads those of one server; null if too many ask.</param>
    public async Task LookAsync(CountersSnapshot all, Func<RouteId, Task<RouteCounters?>> read)
    {
        Served[] looked = [.. All];
        foreach (Served served in looked)
        {
            if (looked.Length == 1)
            {
                served.Silence?.Look(AnswerFigures.Of(all));
            }
            else if (await read(served.Id) is { } counters)
            {
                served.Silence?.Look(AnswerFigures.Of(counters));
            }
        }
    }

    /// <summary>The counters of each server that has seen something, the busiest first; empty if there is only one server.</summary>
    /// <param name="read">Reads those of one server; null if too many ask.</param>
    public async Task<IReadOnlyList<(string Name, RouteCounters Counters)>> ReadAsync(Func<RouteId, Task<RouteCounters?>> read)
    {
        Served[] asked = [.. All];
        List<(string Name, RouteCounters Counters)> answered = [];
        foreach (Served served in asked.Length > 1 ? asked : [])
        {
            if (await read(served.Id) is { } counters)
            {
                answered.Add((served.Options.Name, counters));
            }
        }

        return [.. answered.OrderByDescending(each => each.Counters.ForwardedBytes(Direction.Uplink) + each.Counters.ForwardedBytes(Direction.Downlink))];
    }

    /// <summary>The server of a route; null if it is served no more.</summary>
    public Served? Find(RouteId id) => Volatile.Read(ref _served[id.Index]) is { } served && served.Id == id ? served : null;

    private Served Added(ServerOptions server, TimeSpan idle)
    {
        Route route = new(server.Key) { Settings = SettingsOf(server, idle, RouteSettings.Default) };
        return new Served(server, route, Routes.Add(route));
    }

    private void Put(Served served)
    {
        _names.Set(served.Id, served.Options.Name, served.Options.Peers.ToDictionary(peer => served.Route.Settings.Peers.Find(peer.Key), peer => peer.Name));
        Volatile.Write(ref _served[served.Id.Index], served);
        _ = Interlocked.Increment(ref _changes);
    }

    private void Remove(Served served)
    {
        served.Stop.Cancel();
        Volatile.Write(ref _served[served.Id.Index], null);
        _ = Interlocked.Increment(ref _changes);
        _ = Routes.Remove(served.Id);
        _announcements!.RouteChanged(served.Id);
    }

    private bool TryChange(Served former, ServerOptions server, TimeSpan idle)
    {
        RouteSettings settings = SettingsOf(server, idle, former.Route.Settings);
        bool hasSettings = former.Route.Settings.Equals(settings);
        bool hasName = TitlesOf(former.Options).SequenceEqual(TitlesOf(server), StringComparer.Ordinal);
        if (!hasSettings)
        {
            former.Route.Settings = settings;
        }

        // The engine is told last: the first line about a new peer has its name.
        Served changed = former with { Options = server };
        Put(changed);
        if (!hasSettings)
        {
            _announcements!.RouteChanged(former.Id);
        }

        if (!hasName)
        {
            // The addresses of a former name stay in use until the new one is resolved, and those of the other endpoints for good.
            former.Stop.Cancel();
            Begin(changed with { Stop = new CancellationTokenSource() }, endsAll: false);
        }

        return !hasSettings || !hasName || !former.Options.Peers.SequenceEqual(server.Peers);
    }

    private static IEnumerable<string> TitlesOf(ServerOptions server) => server.Endpoints.Select(endpoint => endpoint.Title);

    private RouteSettings SettingsOf(ServerOptions server, TimeSpan idle, RouteSettings former)
    {
        PeerList peers = former.Peers.With(server.Peers.Select(peer => new ListedPeer(peer.Key, peer.Rate)));
        PeerId[] denied = [.. peers.Ids.Where(peer => _deniedPeers.Contains((server.Key, peers.KeyOf(peer)!)))];
        return server.Settings with
        {
            IdleTimeout = server.Settings.IdleTimeout ?? idle,
            Peers = peers,
            Deny = server.Settings.Deny.With(_denied),

            // The same list where it holds the same: settings are compared.
            DeniedPeers = former.DeniedPeers.SequenceEqual(denied) ? former.DeniedPeers : denied,
        };
    }

    private void Begin(Served served, bool endsAll)
    {
        IReadOnlyList<ServerName> endpoints = served.Options.Endpoints;
        bool hasOthers = EndpointAddresses.Follow(served.Route, endpoints, served.Addresses, out IReadOnlyList<EndpointAddresses> all);
        Served begun = served with
        {
            Addresses = all,
            Resolvers = [.. all.Zip(endpoints, (addresses, endpoint) => new RouteResolver(
                addresses, endpoint, _own!, _lookUp!, _time, () => Changed(served.Id), _log)
            {
                Preferred = Preferred,
                MayEnd = endsAll,
            })],
            Silence = new Silence(served.Options.Endpoint, _time, _log),
        };
        Put(begun);
        if (hasOthers)
        {
            _announcements!.RouteChanged(served.Id);
        }

        foreach (RouteResolver resolver in begun.Resolvers)
        {
            _ = ResolveAsync(resolver, CancellationTokenSource.CreateLinkedTokenSource(_stop, served.Stop.Token), endsAll);
        }
    }

    private void Changed(RouteId route)
    {
        _announcements!.RouteChanged(route);
        AddressesChanged?.Invoke();
    }

    private async Task ResolveAsync(RouteResolver resolver, CancellationTokenSource stop, bool endsAll)
    {
        try
        {
            await resolver.RunAsync(stop.Token);
            if (endsAll)
            {
                _ = _isOver.TrySetResult();
            }
        }
        catch (OperationCanceledException)
        {
            // The server was removed or changed, or the relay stops.
        }
        catch (Exception failure)
        {
            _ = _isOver.TrySetException(failure);
        }
        finally
        {
            stop.Dispose();
        }
    }

    private sealed record Snapshot(int Changes, IReadOnlyList<Served> Servers);
}
