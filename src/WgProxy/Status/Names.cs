using System.Collections.ObjectModel;
using WgProxy.Serving;

namespace WgProxy.Status;

/// <summary>What a server and its clients are called.</summary>
/// <param name="Server">The server's name.</param>
/// <param name="Peers">Its clients' names.</param>
internal sealed record Names(string Server, IReadOnlyDictionary<PeerId, string> Peers)
{
    /// <summary>Those of a server.</summary>
    public static Names Of(Served served) => new(
        served.Options.Name,
        served.Options.Peers.Count == 0
            ? ReadOnlyDictionary<PeerId, string>.Empty
            : served.Options.Peers.ToDictionary(peer => served.Route.Settings.Peers.Find(peer.Key), peer => peer.Name));

    /// <summary>The name of a client; null if it has none.</summary>
    public string? PeerOf(PeerId peer) => peer == default ? null : Peers.GetValueOrDefault(peer);
}

/// <summary>The names of all servers and clients, made once for each list of servers.</summary>
internal sealed class NamesOfAll
{
    private Made? _made;

    /// <summary>The names of these servers. Two askers that make them at once make the same.</summary>
    public IReadOnlyDictionary<RouteId, Names> Of(IReadOnlyList<Served> servers)
    {
        Made? made = Volatile.Read(ref _made);
        if (made?.Servers != servers)
        {
            made = new Made(servers, servers.ToDictionary(served => served.Id, Names.Of));
            Volatile.Write(ref _made, made);
        }

        return made.Names;
    }

    private sealed record Made(IReadOnlyList<Served> Servers, Dictionary<RouteId, Names> Names);
}
