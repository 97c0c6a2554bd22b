using WgProxy.Core.Routes;

namespace WgProxy.Serving;

/// <summary>What log lines call the server of a route, and its peers. One thread writes; any thread reads.</summary>
internal sealed class ServerNames
{
    // A removed server keeps its name until another stands at its index: the last of its mappings are still to end.
    private readonly Entry?[] _entries;
    private int _count;

    /// <summary>Names for the routes of a list.</summary>
    public ServerNames(RouteList routes) => _entries = new Entry?[routes.Capacity];

    /// <summary>Names a route and its peers, or renames them.</summary>
    public void Set(RouteId id, string name, IReadOnlyDictionary<PeerId, string> peers) =>
        Volatile.Write(ref _entries[id.Index], new Entry(id, name, peers));

    /// <summary>Says how many servers there are.</summary>
    public void SetCount(int count) => Volatile.Write(ref _count, count);

    /// <summary>The name of a route's server; null if it is the only one, or unknown.</summary>
    public string? Of(RouteId id) =>
        Volatile.Read(ref _count) != 1 ? Find(id)?.Name : null;

    /// <summary>The name of a route's server, also if it is the only one; null if it is unknown.</summary>
    public string? Full(RouteId id) => Find(id)?.Name;

    /// <summary>The name of a route's peer; null if it has none.</summary>
    public string? Of(RouteId id, PeerId peer) => peer == default ? null : Find(id)?.Peers.GetValueOrDefault(peer);

    private Entry? Find(RouteId id) =>
        id.Index < _entries.Length && Volatile.Read(ref _entries[id.Index]) is { } entry && entry.Id == id ? entry : null;

    private sealed record Entry(RouteId Id, string Name, IReadOnlyDictionary<PeerId, string> Peers);
}
