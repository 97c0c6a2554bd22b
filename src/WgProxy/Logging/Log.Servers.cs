using System.Net;
using WgProxy.Configuration;

namespace WgProxy.Logging;

// Lines about servers: where they are, and whether they answer.
internal sealed partial class Log
{
    /// <summary>A server's name could not be resolved. One thread at a time for each server.</summary>
    public void Unresolved(ServerName server, string reason, TimeSpan retry, IPEndPoint? kept)
    {
        if (_unresolved.Of(server.Title).TryPass(out long withheld))
        {
            Warning($"server {server.Title} cannot be resolved: {reason}; next attempt in {retry.TotalSeconds} s"
                + (kept is null ? string.Empty : $", {kept} stays in use") + Throttle.Words(withheld));
        }
    }

    /// <summary>A server's name points at this relay, or its fixed address is where the relay itself listens. One thread at a time for each server.</summary>
    public void ResolvedToRelay(ServerName server, IPAddress address, TimeSpan retry, IPEndPoint? kept)
    {
        if (_resolvedToRelay.Of(server.Title).TryPass(out long withheld))
        {
            Warning($"server {server.Title} {(server.IsFixed ? "is at" : "resolves to")} {address}, where this relay itself listens: "
                + (kept is not null ? $"{kept} stays in use"
                    : server.IsFixed ? "no client reaches it there before the relay listens elsewhere"
                    : $"next attempt in {retry.TotalSeconds} s") + Throttle.Words(withheld));
        }
    }

    /// <summary>A server's addresses are known, or have changed. One thread at a time for each server.</summary>
    public void Resolved(ServerName server, IReadOnlyList<IPEndPoint> current, IReadOnlyList<IPEndPoint> former)
    {
        string addresses = string.Join(", else at ", current);
        if (former.Count == 0 || current[0].Equals(former[0]))
        {
            Info($"server {server.Title} is at {addresses}");
        }
        else if (_moved.Of(server.Title).TryPass(out long withheld))
        {
            Info($"server {server.Title} has moved from {former[0]} to {addresses}: new mappings go there, and those that fall silent"
                + Throttle.Words(withheld));
        }
    }

    /// <summary>Clients send, and the server does not answer.</summary>
    public void ServerIsSilent(ServerName server, TimeSpan silence, long asking) =>
        Warning($"server {server.Title} has sent nothing for {silence.TotalSeconds} s though clients send to it ({asking} of them unanswered so "
            + "far): likely it is down or does not listen on this port; a firewall on the way, on this host or there drops UDP; its "
            + "answers take another way back; it does not know these clients; or the name leads to a wrong address");

    /// <summary>The server answers again.</summary>
    public void ServerIsBack(ServerName server) => Info($"server {server.Title} is heard again");

    /// <summary>Every initiation is made for another key.</summary>
    public void AskedForAnotherKey() =>
        Warning($"initiations arrive, but none is made for this server's public key: expected {OptionTable.Key.Name}, or PublicKey in the "
            + "configuration file, to be the PublicKey that clients have in their [Peer] section (strangers who guess also end here)");
}
