using System.Text;
using WgProxy.Configuration;
using WgProxy.Core.Protocol;

namespace WgProxy.Importing;

/// <summary>The servers and peers that a file of WireGuard's tells of, and the relay's configuration that serves them.</summary>
internal sealed class ImportedServers
{
    private readonly List<ServerOptions> _servers = [];
    private readonly HashSet<string> _names = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The servers.</summary>
    public IReadOnlyList<ServerOptions> Servers => _servers;

    /// <summary>Those of a client's file: its peers with an endpoint are servers. One that is there already is not taken again.</summary>
    public static ImportedServers OfClient(WireGuardFile file)
    {
        ImportedServers imported = new();
        foreach (WireGuardPeer peer in file.Peers.Where(peer => peer is { Key: not null, Endpoint: not null }))
        {
            if (!imported._servers.Exists(server => server.Key.Equals(peer.Key)))
            {
                imported.Add(peer.Name, peer.Key!, peer.Endpoint!, []);
            }
        }

        return imported;
    }

    /// <summary>Those of a server's file: its peers are the names. Where it is and its key are said by others.</summary>
    public static ImportedServers OfServer(WireGuardFile file, ServerName endpoint, PublicKey key)
    {
        ImportedServers imported = new();
        HashSet<string> names = new(StringComparer.OrdinalIgnoreCase);
        HashSet<PublicKey> keys = [];
        imported.Add(null, key, endpoint, [.. file.Peers
            .Where(peer => peer.Key is not null && keys.Add(peer.Key))
            .Select(peer => new PeerOptions(Unique(names, peer.Name ?? peer.Key!.ToString()), peer.Key!))]);
        return imported;
    }

    /// <summary>The server of the two variables.</summary>
    public static ImportedServers Of(ServerName endpoint, PublicKey key)
    {
        ImportedServers imported = new();
        imported.Add(null, key, endpoint, []);
        return imported;
    }

    /// <summary>The relay's configuration file.</summary>
    /// <param name="relay">Keys of [Relay] and their texts.</param>
    public string ToText(IEnumerable<(string Key, string Text)> relay)
    {
        StringBuilder text = new("[Relay]\n");
        foreach ((string key, string value) in relay)
        {
            _ = text.Append($"{key} = {value}\n");
        }

        foreach (ServerOptions server in _servers)
        {
            _ = text.Append("\n[Server]\n");
            _ = FileKeys.IsName(server.Name) ? text.Append($"Name = {server.Name}\n") : text;
            _ = text.Append($"PublicKey = {server.Key}\nEndpoint = {server.Endpoint}\n");
            foreach (PeerOptions peer in server.Peers)
            {
                _ = text.Append("\n[Peer]\n");
                _ = FileKeys.IsName(peer.Name) ? text.Append($"Name = {peer.Name}\n") : text;
                _ = text.Append($"PublicKey = {peer.Key}\n");
            }
        }

        return text.ToString();
    }

    private void Add(string? name, PublicKey key, ServerName endpoint, IReadOnlyList<PeerOptions> peers) =>
        _servers.Add(new ServerOptions(Unique(_names, name ?? endpoint.Host), key, endpoint) { Peers = peers });

    private static string Unique(HashSet<string> taken, string name)
    {
        string unique = name;
        for (int number = 2; !taken.Add(unique); number++)
        {
            unique = $"{name}-{number}";
        }

        return unique;
    }
}
