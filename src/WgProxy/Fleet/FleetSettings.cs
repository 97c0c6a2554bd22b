using System.Net;

namespace WgProxy.Fleet;

/// <summary>What the section [Fleet] says.</summary>
/// <param name="Store">Where the store is.</param>
/// <param name="KeyFile">The file with the fleet's secret.</param>
/// <param name="Name">This relay's name in the fleet.</param>
internal sealed record FleetSettings(StoreAddress Store, string KeyFile, string Name)
{
    /// <summary>The file with the store's password; null for none.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>The file with the certificate of the authority that vouches for the store; null for those that the system trusts.</summary>
    public string? AuthorityFile { get; init; }

    /// <summary>The other relay of a pair, for which this one stands by; null if it is not one of a pair.</summary>
    public string? Standby { get; init; }

    /// <summary>The addresses that the two share, with commas between; empty for none.</summary>
    public string Shared { get; init; } = string.Empty;

    /// <summary>The addresses that the two share.</summary>
    public IReadOnlyList<IPAddress> SharedAddresses => [.. Shared.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(IPAddress.Parse)];

    /// <summary>Where each key stands, file and line, by its name: for messages.</summary>
    public IReadOnlyDictionary<string, string> Places { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Whether two sections say the same, wherever they stand.</summary>
    public bool SaysTheSame(FleetSettings? other) => other is not null && this with { Places = other.Places } == other;
}
