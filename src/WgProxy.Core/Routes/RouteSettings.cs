namespace WgProxy.Core.Routes;

/// <summary>The limits of one server's clients, beside those of the relay. A value never changes: new settings are
/// published as a new value.</summary>
public sealed record RouteSettings
{
    /// <summary>No limits beside the relay's.</summary>
    public static RouteSettings Default { get; } = new();

    /// <summary>Client addresses that may open mappings to this server; empty means all. The relay's own list must allow them too.</summary>
    public AddressList Allow { get; init; } = AddressList.Empty;

    /// <summary>Client addresses that may not open mappings to this server, beside those that the relay denies.</summary>
    public AddressList Deny { get; init; } = AddressList.Empty;

    /// <summary>Where its clients may send to, of the addresses that the relay listens on.</summary>
    public ListenList Listen { get; init; } = ListenList.Everywhere;

    /// <summary>How long a proven mapping lives without a valid packet in either direction; null for as long as the relay says.
    /// </summary>
    public TimeSpan? IdleTimeout { get; init; }

    /// <summary>Clients whose tunnels have names, limits and figures of their own.</summary>
    public PeerList Peers { get; init; } = PeerList.Empty;

    /// <summary>Whether only <see cref="Peers"/> have tunnels: the relay refuses the server's handshakes with any other client.</summary>
    public bool PeersOnly { get; init; }

    /// <summary>Those of <see cref="Peers"/> that have no tunnel: the relay refuses the server's handshakes with them.</summary>
    public IReadOnlyList<PeerId> DeniedPeers { get; init; } = [];

    /// <summary>How much data may pass to and from the server, by all of its tunnels together.</summary>
    public Rate Rate { get; init; }

    /// <summary>How much data each of its tunnels may carry.</summary>
    public Rate TunnelRate { get; init; }

    /// <summary>Whether any data is limited.</summary>
    public bool HasRates => !Rate.IsUnlimited || !TunnelRate.IsUnlimited || Peers.HasRates;

    /// <summary>Whether a peer is denied.</summary>
    internal bool Denies(PeerId peer)
    {
        for (int i = 0; i < DeniedPeers.Count; i++)
        {
            if (DeniedPeers[i] == peer)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether these lists keep a client out.</summary>
    internal bool Denies(in Source source) => (!Allow.IsEmpty && !Allow.Contains(source)) || Deny.Contains(source);
}
