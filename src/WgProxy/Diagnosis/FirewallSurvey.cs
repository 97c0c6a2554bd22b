using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using WgProxy.Hosting;
using WgProxy.Linux.Firewall;
using WgProxy.Linux.Net;

namespace WgProxy.Diagnosis;

/// <summary>Asks the firewall about each flow that the relay needs.</summary>
internal static class FirewallSurvey
{
    private static readonly string[] LegacyTables = ["/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"];

    /// <summary>What it does with them; null if its rules cannot be read.</summary>
    /// <param name="listen">Where clients send to.</param>
    /// <param name="servers">The addresses of servers.</param>
    /// <param name="ports">The ports from which the relay sends to them. The first and the last stand for all.</param>
    /// <param name="unseen">Takes what could not be seen.</param>
    [SupportedOSPlatform("linux")]
    public static FirewallState? Look(IReadOnlyList<IPEndPoint> listen, IEnumerable<IPEndPoint> servers, IReadOnlyList<ushort> ports, List<Unseen> unseen)
    {
        string legacy = string.Join(", ", Legacy().Distinct(StringComparer.Ordinal));
        if (legacy.Length > 0)
        {
            unseen.Add(new Unseen("rules of legacy iptables", $"the tables {legacy} are loaded; iptables-legacy-save and ip6tables-legacy-save show them"));
        }

        if (FirewallRules.Read(out int error) is not { } rules)
        {
            unseen.Add(new Unseen(
                "rules of nftables",
                FirewallRules.IsForbidden(error) ? "only a program with CAP_NET_ADMIN may read them: run doctor as root" : $"the kernel refuses to tell them: {HostTrials.Words(error)}"));
            return null;
        }

        IPEndPoint[] others = [.. servers.Distinct().Where(server => !IPAddress.IsLoopback(server.Address))];
        ushort[] ends = ports.Count == 0 ? [] : [ports[0], ports[^1]];
        (string What, string Match, FirewallFlow Flow)[] all = [.. listen.SelectMany(OfClients), .. others.SelectMany(server => ends.SelectMany(port => OfServer(server, port)))];
        FlowState[] flows = [.. all.Select(each => new FlowState(each.What, each.Match, rules.Judge(each.Flow)))];
        bool areUntracked = all.Length > 0 && Array.TrueForAll(all, each => rules.IsUntracked(each.Flow));
        return new FirewallState(rules.Count, flows, areUntracked ? null : rules.Tracking);
    }

    private static IEnumerable<(string What, string Match, FirewallFlow Flow)> OfClients(IPEndPoint listen)
    {
        if (IPAddress.IsLoopback(listen.Address) || listen.Port == 0)
        {
            yield break;
        }

        AddressFamily[] families = listen.Address.Equals(IPAddress.IPv6Any) ? [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6] : [listen.AddressFamily];
        foreach (AddressFamily family in families)
        {
            yield return (
                $"what clients send to UDP port {listen.Port}",
                $"udp dport {listen.Port}",
                new FirewallFlow { IsArriving = true, IsNew = true, Family = family, DestinationPort = listen.Port });
            yield return (
                $"what the relay sends to clients from UDP port {listen.Port}",
                $"udp sport {listen.Port}",
                new FirewallFlow { IsArriving = false, IsNew = false, Family = family, SourcePort = listen.Port });
        }
    }

    private static IEnumerable<(string What, string Match, FirewallFlow Flow)> OfServer(IPEndPoint server, int port)
    {
        string family = server.AddressFamily == AddressFamily.InterNetwork ? "ip" : "ip6";
        yield return (
            $"what the relay sends to {server}",
            $"{family} daddr {server.Address} udp dport {server.Port}",
            new FirewallFlow { IsArriving = false, IsNew = true, Family = server.AddressFamily, Remote = server.Address, SourcePort = port, DestinationPort = server.Port });
        yield return (
            $"what the server at {server} sends",
            $"{family} saddr {server.Address} udp sport {server.Port}",
            new FirewallFlow { IsArriving = true, IsNew = false, Family = server.AddressFamily, Remote = server.Address, SourcePort = server.Port, DestinationPort = port });
    }

    private static IEnumerable<string> Legacy() =>
        LegacyTables.SelectMany(file => (ProcText.Read(file) ?? string.Empty).Split('\n', StringSplitOptions.RemoveEmptyEntries));
}
