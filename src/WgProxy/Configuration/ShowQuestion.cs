namespace WgProxy.Configuration;

/// <summary>What <c>wgproxy show</c> is asked for.</summary>
/// <param name="Topic">One of <see cref="VerbSyntax.Topics"/>; null for the one screen.</param>
/// <param name="AsJson">Whether the report itself is wanted.</param>
/// <param name="Server">Only what concerns the server of this name; null for all.</param>
/// <param name="Peer">Only what concerns the peer of this name; null for all.</param>
/// <param name="Sort">The order of rows; null for the usual one.</param>
/// <param name="Limit">How many rows; null for as many as one answer holds.</param>
internal sealed record ShowQuestion(string? Topic, bool AsJson, string? Server, string? Peer, string? Sort, string? Limit)
{
    /// <summary>Only the session with this upstream port; null for all.</summary>
    public string? Port { get; init; }

    /// <summary>How many days of usage; null for the usual number.</summary>
    public string? Days { get; init; }

    /// <summary>Up to which level lines of the log are wanted; null for all.</summary>
    public string? Level { get; init; }
}
