using WgProxy.Configuration;
using WgProxy.Core.Protocol;

namespace WgProxy.Accounting;

/// <summary>What servers and peers are called now. Accounts are kept by public keys, which are shown where there is no name.</summary>
internal sealed class UsageNames
{
    private readonly Dictionary<PublicKey, string> _servers = [];
    private readonly Dictionary<UsageOwner, string> _peers = [];

    /// <summary>The names that these servers have, and their peers.</summary>
    public UsageNames(IReadOnlyList<ServerOptions> servers)
    {
        foreach (ServerOptions server in servers)
        {
            _servers[server.Key] = server.Name;
            foreach (PeerOptions peer in server.Peers)
            {
                _peers[new UsageOwner(server.Key, peer.Key)] = peer.Name;
            }
        }
    }

    /// <summary>The name of an owner's server; its public key if it has none, or is served no longer.</summary>
    public string ServerOf(in UsageOwner owner) => _servers.GetValueOrDefault(owner.Server) ?? owner.Server.ToString();

    /// <summary>The name of an owner's peer; its public key if it has none, or is listed no longer; null for a whole server.</summary>
    public string? PeerOf(in UsageOwner owner) => owner.Peer is null ? null : _peers.GetValueOrDefault(owner) ?? owner.Peer.ToString();

    /// <summary>The peers of these accounts, those first that have carried most, by names that tell them apart.</summary>
    public IEnumerable<(string Name, UsageFigures Figures)> Peers(IReadOnlyList<Usage> accounts) =>
        from account in accounts
        where account.Owner.Peer is not null
        orderby account.Figures.Bytes descending
        select (_servers.Count == 1 ? PeerOf(account.Owner)! : $"{PeerOf(account.Owner)}, server {ServerOf(account.Owner)}", account.Figures);
}
