namespace WgProxy.Core.Routes;

/// <summary>What one server's clients are held to beside the limits of the relay. Never changed in place: other settings are
/// published as another value.</summary>
public sealed record RouteSettings
{
    /// <summary>The relay's limits and nothing else.</summary>
    public static RouteSettings Default { get; } = new();

    /// <summary>Clients that may open mappings to this server; empty means everybody. The relay's own list must allow them too.</summary>
    public AddressList Allow { get; init; } = AddressList.Empty;

    /// <summary>Clients that may not open mappings to this server, beside those that the relay denies.</summary>
    public AddressList Deny { get; init; } = AddressList.Empty;

    /// <summary>How long a proven mapping lives without a valid packet in either direction; null for as long as the relay says.
    /// </summary>
    public TimeSpan? IdleTimeout { get; init; }

    /// <summary>Whether these lists keep a client out.</summary>
    public bool Denies(in Source source) => (!Allow.IsEmpty && !Allow.Contains(source)) || Deny.Contains(source);
}
