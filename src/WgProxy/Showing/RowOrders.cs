using System.Globalization;
using WgProxy.Status;

namespace WgProxy.Showing;

/// <summary>The orders in which rows may be shown, by the names that --sort takes. The usual order is the first. Sessions are sorted by the relay,
/// which has more of them than one answer holds.</summary>
internal static class RowOrders
{
    /// <summary>Those of peers.</summary>
    public static IReadOnlyList<RowOrder<PeerReport>> OfPeers { get; } =
    [
        new("server", peers => peers),
        new("last_seen", peers => peers.OrderBy(peer => peer.LastSeenSeconds ?? double.MaxValue)),
        new("name", peers => peers.OrderBy(peer => peer.Name, StringComparer.OrdinalIgnoreCase)),
        new("traffic", peers => peers.OrderByDescending(peer => peer.Uplink.Bytes + peer.Downlink.Bytes)),
        new("handshakes", peers => peers.OrderByDescending(peer => peer.Handshakes)),
        new("mappings", peers => peers.OrderByDescending(peer => peer.Mappings)),
    ];

    /// <summary>Those of servers.</summary>
    public static IReadOnlyList<RowOrder<ServerReport>> OfServers { get; } =
    [
        new("file", servers => servers),
        new("name", servers => servers.OrderBy(server => server.Name, StringComparer.OrdinalIgnoreCase)),
        new("health", servers => servers.OrderBy(server => Array.IndexOf(Healths, server.Health))),
        new("traffic", servers => servers.OrderByDescending(server => server.Uplink.Bytes + server.Downlink.Bytes)),
        new("handshakes", servers => servers.OrderByDescending(server => server.Handshakes)),
        new("mappings", servers => servers.OrderByDescending(server => server.Mappings.All)),
    ];

    /// <summary>Those of drops. Those of all servers together come before a server's, which are part of them.</summary>
    public static IReadOnlyList<RowOrder<DropReport>> OfDrops { get; } =
    [
        new("datagrams", drops => drops.OrderBy(drop => drop.Server is null ? 0 : 1).ThenByDescending(drop => drop.Datagrams)),
        new("verdict", drops => drops.OrderBy(drop => drop.Verdict, StringComparer.Ordinal).ThenByDescending(drop => drop.Datagrams)),
        new("server", drops => drops.OrderBy(drop => drop.Server, StringComparer.OrdinalIgnoreCase).ThenByDescending(drop => drop.Datagrams)),
    ];

    /// <summary>Those of accounts.</summary>
    public static IReadOnlyList<RowOrder<UsageAccountReport>> OfUsage { get; } =
    [
        new("day", accounts => accounts),
        new("traffic", accounts => accounts.OrderByDescending(account => account.Uplink.Bytes + account.Downlink.Bytes)),
        new("handshakes", accounts => accounts.OrderByDescending(account => account.Handshakes)),
        new("peer", accounts => accounts.OrderBy(account => account.Peer, StringComparer.OrdinalIgnoreCase)),
    ];

    // What is amiss comes first.
    private static string[] Healths => ["silent", "unresolved", "idle", "answering"];

    /// <summary>Sorts, and cuts off.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="orders">The orders in which they may be.</param>
    /// <param name="sort">The name of one; null for the usual one.</param>
    /// <param name="limit">How many are wanted; null for all.</param>
    /// <exception cref="RowOrderException">There is no such order, or no such number.</exception>
    public static IReadOnlyList<T> Sorted<T>(this IEnumerable<T> rows, IReadOnlyList<RowOrder<T>> orders, string? sort, string? limit)
    {
        RowOrder<T> order = sort is null ? orders[0] : orders.FirstOrDefault(each => string.Equals(each.Name, sort, StringComparison.OrdinalIgnoreCase))
            ?? throw new RowOrderException($"--sort is {sort}: expected {string.Join(", ", orders.Select(each => each.Name))}");
        int most = int.MaxValue;
        return limit is null || (int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out most) && most > 0)
            ? [.. order.Sort(rows).Take(most)]
            : throw new RowOrderException($"--limit is {limit}: expected a number of rows");
    }
}

/// <summary>An order of rows.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Sort">Sorts.</param>
internal sealed record RowOrder<T>(string Name, Func<IEnumerable<T>, IEnumerable<T>> Sort);

/// <summary>Rows were asked for in an order, or a number, that there is not; in words for the operator.</summary>
internal sealed class RowOrderException(string message) : Exception(message);
