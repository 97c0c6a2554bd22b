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
        served.Options.Peers.ToDictionary(peer => served.Route.Settings.Peers.Find(peer.Key), peer => peer.Name));

    /// <summary>The name of a client; null if it has none.</summary>
    public string? PeerOf(PeerId peer) => peer == default ? null : Peers.GetValueOrDefault(peer);
}
