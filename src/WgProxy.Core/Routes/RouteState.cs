using WgProxy.Core.Protocol;

namespace WgProxy.Core.Routes;

/// <summary>What one relay keeps of one route. The relay's thread alone writes it.</summary>
internal sealed class RouteState(RouteId id, Route route, IMac1Matcher matcher)
{
    private ServerLoad _load;

    /// <summary>The route's id. A neighbour may read it.</summary>
    public RouteId Id { get; } = id;

    /// <summary>The route.</summary>
    public Route Route { get; } = route;

    /// <summary>The check that its clients' initiations, and their answers to the server, must pass.</summary>
    public Mac1 Mac1 => Route.Mac1;

    /// <summary>The keys of the served routes among which its own is; null if it is served no longer.</summary>
    public RouteKeys? Keys { get; set; }

    /// <summary>The position of its key there.</summary>
    public int KeyPosition { get; set; }

    /// <summary>Cookie replies in the server's name.</summary>
    public CookieSealer Sealer { get; } = new(route.Key);

    /// <summary>What is known about the server's addresses.</summary>
    public ServerAddresses Addresses { get; } = new(route);

    /// <summary>The limits of its clients, as published when the relay last read them.</summary>
    public RouteSettings Settings { get; private set; } = route.Settings;

    /// <summary>Whether any of its data is limited: asked once per run.</summary>
    public bool HasRates { get; private set; } = route.Settings.HasRates;

    /// <summary>Its listed clients, as published when the relay last read them.</summary>
    public PeerTable Peers { get; } = new(route.Settings.Peers, matcher);

    /// <summary>What this relay has counted for it.</summary>
    public RouteCounters Counters { get; } = new();

    /// <summary>What is known of the server's load. Admission alone writes it.</summary>
    public ref ServerLoad Load => ref _load;

    /// <summary>Reads the published settings.</summary>
    public void ReadSettings()
    {
        Settings = Route.Settings;
        HasRates = Settings.HasRates;
        Peers.Follow(Settings.Peers);
    }

    /// <summary>Whether the route was removed. It takes no new mappings, and the relay ends those it has.</summary>
    public bool IsEnding { get; set; }

    /// <summary>Whether the relay is going through its mappings.</summary>
    public bool IsWalked { get; set; }
}
