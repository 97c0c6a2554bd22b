namespace WgProxy.Core.Tests.Model;

// How much data passes.
internal sealed partial record ReferenceRules
{
    /// <summary>For how many tenths of a second of a rate a burst is.</summary>
    public int RateBurstTenths { get; init; } = 10;

    /// <summary>Whether keepalives count for a rate.</summary>
    public bool KeepalivesAreCharged { get; init; }

    /// <summary>Whether data with an index that was never issued count for a rate.</summary>
    public bool UnknownIsLimited { get; init; }

    /// <summary>Whether data of a mapping that is not proven count for the rate of its tunnel and server.</summary>
    public bool ClaimsAreLimited { get; init; }

    /// <summary>Whether each relay has a server's rate for itself.</summary>
    public bool RatesArePerRelay { get; init; }

    /// <summary>Whether peers have rates.</summary>
    public bool PeersHaveRates { get; init; } = true;

    /// <summary>Whether each tunnel of a peer has its rate for itself.</summary>
    public bool PeerRatesArePerTunnel { get; init; }

    /// <summary>Whether each relay has a peer's rate for itself.</summary>
    public bool PeerRatesArePerRelay { get; init; }
}
