using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests.Model;

// Which routes there are, as far as this relay has been told.
internal sealed partial class ReferenceRelay
{
    private readonly SortedDictionary<int, int> _at = new(routes.Listed.ToDictionary(number => (int)routes.IdOf(number).Index));
    private readonly HashSet<int> _ending = [];
    private readonly Dictionary<int, RouteSettings> _routeSettings = routes.Listed.ToDictionary(number => number, number => routes[number].Settings);
    private readonly Dictionary<(int Route, string Name), long> _routeCounts = [];

    /// <summary>The routes to which newcomers may come, by index.</summary>
    private IEnumerable<int> Served => _at.Values.Where(route => !_ending.Contains(route) || rules.RemovedRoutesAdmit);

    /// <summary>The routes of which the relay has something to show.</summary>
    public IEnumerable<int> Kept => _at.Values;

    /// <summary>What was counted for a route.</summary>
    public long CountOf(int route, string name) => _routeCounts.GetValueOrDefault((route, name));

    /// <summary>The relay is told to look at what the list has at a route's index.</summary>
    public void RouteChanged(int route)
    {
        int index = routes.IdOf(route).Index;
        int? listed = routes.At(index);
        if (!_at.TryGetValue(index, out int mine))
        {
            Take(index, listed);
        }
        else if (listed != mine)
        {
            _ending.Add(mine);
        }
        else
        {
            _routeSettings[mine] = routes[mine].Settings;
            if (mine == route)
            {
                _walked.Add(mine);
            }
        }
    }

    /// <summary>Whether the mapping must end, because its route was removed.</summary>
    public bool MustEnd(ReferenceMapping mapping) => _ending.Contains(mapping.Route) && !rules.MappingsOutliveRoutes;

    public void EndWithRoute(ReferenceMapping mapping) => End(mapping, RelayEventKind.RouteRemoved);

    /// <summary>Where all mappings of removed routes have ended, their indices are free for what the list has there.</summary>
    public void Vacate()
    {
        while (_ending.Where(route => !Live.Exists(mapping => mapping.Route == route)).Select(route => (int?)route).FirstOrDefault() is int route)
        {
            int index = routes.IdOf(route).Index;
            _ending.Remove(route);
            _at.Remove(index);
            Take(index, routes.At(index));
            if (routes.Successor(route) is int successor && !_at.ContainsKey(routes.IdOf(successor).Index))
            {
                Take(routes.IdOf(successor).Index, successor);
            }
        }
    }

    /// <summary>From now on the route is served. Another that the relay has of the same server must have gone: it goes first.</summary>
    private void Take(int index, int? listed)
    {
        int[] same = [.. _at.Values.Where(other => other % ReferenceRoutes.Servers == listed % ReferenceRoutes.Servers)];
        _ending.UnionWith(same);
        if (listed is int route && same.Length == 0)
        {
            _at[index] = route;
            _routeSettings[route] = routes[route].Settings;
        }
    }

    /// <summary>Another relay takes the place of this one: it knows what the list has, and nothing of what had been.</summary>
    private void BeginRoutes()
    {
        _ending.Clear();
        _at.Clear();
        _routeCounts.Clear();
        _counted.Clear();
        foreach (int route in routes.Listed)
        {
            Take(routes.IdOf(route).Index, route);
        }
    }

    /// <summary>The mapping goes on with the route that leads to its server now.</summary>
    public void Follow(ReferenceMapping mapping)
    {
        int former = mapping.Route;
        int route = routes.Listed.Single(listed => listed % ReferenceRoutes.Servers == former % ReferenceRoutes.Servers);
        (mapping.Route, mapping.Tunnel.Route) = (route, route);
        foreach (((int Route, uint Index) key, ReferenceTunnel owner) in _firstOwners.ToArray())
        {
            if (key.Route == former && former != route)
            {
                _firstOwners.Remove(key);
                _firstOwners[(route, key.Index)] = owner;
            }
        }
    }

    /// <summary>Whether a route leads to the mapping's server.</summary>
    public bool HasRouteOf(ReferenceMapping mapping) =>
        routes.Listed.Any(listed => listed % ReferenceRoutes.Servers == mapping.Route % ReferenceRoutes.Servers);

    /// <summary>Whether the lists keep the mapping's client out, or it sends to where the route is not served.</summary>
    public bool Denies(ReferenceMapping mapping) => IsDenied(mapping.Source, mapping.Route) || !IsServedAt(mapping.Route, mapping.Source);

    /// <summary>Whether the mapping must end, because its client sends to where the route is not served any more.</summary>
    public bool MustEndHere(ReferenceMapping mapping) =>
        rules.WhoIsNotServedEnds && _walked.Contains(mapping.Route) && !IsServedAt(mapping.Route, mapping.Source);

    public void EndHere(ReferenceMapping mapping) => End(mapping, RelayEventKind.NotServedHere);

    private bool IsServedAt(int route, Source source) => !rules.RoutesHaveAddresses || SettingsOf(route).Listen.Serves(source);

    private bool IsDeniedByRoute(Source source, int route) =>
        rules.RoutesHaveLists && !SettingsOf(route).Deny.IsEmpty && Sequence.DeniedPrefix.Contains(source.Address);

    private TimeSpan IdleTimeoutOf(int route) =>
        rules.RoutesHaveTimeouts ? SettingsOf(route).IdleTimeout ?? settings.IdleTimeout : settings.IdleTimeout;

    private RouteSettings SettingsOf(int route) => rules.SettingsWaitToBeTold ? _routeSettings[route] : routes[route].Settings;

    private void CountFor(int? route, string name, long more)
    {
        if (route is int number)
        {
            _routeCounts[(number, name)] = CountOf(number, name) + more;
        }
    }
}
