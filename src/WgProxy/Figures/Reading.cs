using System.Net;
using WgProxy.Configuration;
using WgProxy.Core.Engine;
using WgProxy.Core.Routes;
using WgProxy.Fleet;
using WgProxy.Serving;

namespace WgProxy.Figures;

/// <summary>All figures of one instant, from which every series of a page is made. It belongs to its <see cref="FigureReader"/>, which fills it anew each time.
/// </summary>
internal sealed class Reading
{
    /// <summary>What does not change while the process lives.</summary>
    public required Constants Fixed { get; init; }

    /// <summary>All figures of the engine.</summary>
    public CountersSnapshot All { get; set; } = new();

    /// <summary>Those of each server, by the places of <see cref="Servers"/>.</summary>
    public RouteFigures Routes { get; set; } = new([]);

    /// <summary>The servers.</summary>
    public IReadOnlyList<ServerNamesRead> Servers { get; set; } = [];

    /// <summary>The instant by the engine's clock.</summary>
    public Tick Now { get; set; }

    /// <summary>The same by the wall's clock, in milliseconds since 1970.</summary>
    public long UnixNow { get; set; }

    /// <summary>An instant of the engine's clock, in seconds since 1970; 0 for one that never was.</summary>
    public double UnixSeconds(Tick instant) => instant == default ? 0 : (UnixNow - (Now - instant)) / 1000.0;

    /// <summary>What does not change while the process lives.</summary>
    /// <param name="Version">The program's version.</param>
    /// <param name="Engine">The engine's name, as the option has it.</param>
    /// <param name="MaxMappings">The most mappings that there can be.</param>
    /// <param name="Started">When the relay started, in seconds since 1970.</param>
    internal sealed record Constants(string Version, string Engine, int MaxMappings, double Started)
    {
        /// <summary>The relay's part in a fleet; null for none.</summary>
        public RelayFleet? Fleet { get; init; }
    }
}

/// <summary>A server and its peers, by name.</summary>
/// <param name="Served">The server.</param>
/// <param name="Peers">The peers' names, in the order of their ids.</param>
internal sealed record ServerNamesRead(Served Served, string[] Peers)
{
    /// <summary>The server's name.</summary>
    public string Name => Served.Options.Name;

    /// <summary>The names of a server and of its peers, as they are now.</summary>
    public static ServerNamesRead Of(Served served)
    {
        PeerList list = served.Route.Settings.Peers;
        Dictionary<PeerId, string> names = [];
        foreach (PeerOptions peer in served.Options.Peers)
        {
            names[list.Find(peer.Key)] = peer.Name;
        }

        return new ServerNamesRead(served, [.. list.Ids.Select(id => names.GetValueOrDefault(id) ?? list.KeyOf(id)!.ToString()!)]) { List = list };
    }

    private IReadOnlyList<IPEndPoint> _addresses = [];
    private string[] _texts = [];

    /// <summary>The list from which the peers' order is.</summary>
    public required PeerList List { get; init; }

    /// <summary>The server's addresses in words, made once for each list of them.</summary>
    public IReadOnlyList<string> TextsOf(IReadOnlyList<IPEndPoint> addresses)
    {
        if (addresses != _addresses)
        {
            (_addresses, _texts) = (addresses, [.. addresses.Select(address => address.ToString())]);
        }

        return _texts;
    }

    /// <summary>Whether the server or its peers are others by now.</summary>
    public bool IsOld(Served served) => served != Served || served.Route.Settings.Peers != List;
}
