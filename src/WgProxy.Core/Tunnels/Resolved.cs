using WgProxy.Core.Mappings;

namespace WgProxy.Core.Tunnels;

/// <summary>Whose datagram a client's is, by the index in it.</summary>
/// <param name="Finding">What the index showed.</param>
/// <param name="Slot">The source's mapping that the datagram belongs to; of a claim, the one that is to join the tunnel. -1 if the
/// source has none.</param>
/// <param name="Tunnel">The tunnel to be claimed; <see cref="Lent"/> if it is a neighbour's.</param>
/// <param name="Instead">Where the datagram goes if the claim is refused: to the source's claim on another route, whose server issued
/// the same index. -1 if there is none.</param>
internal readonly record struct Resolved(Finding Finding, int Slot, int Tunnel = -1, int Instead = -1)
{
    /// <summary>The index leads nowhere, and the source has no mapping.</summary>
    public static Resolved Nowhere => new(Finding.Unexplained, -1);

    /// <summary>A neighbour's tunnel, of which <see cref="Roaming"/> holds a copy.</summary>
    public const int Lent = -2;
}

/// <summary>What an index showed.</summary>
internal enum Finding : byte
{
    /// <summary>No server issued it, as far as the source is concerned. If the source has mappings, the datagram belongs to the route
    /// that issued the index to other sources, else to the one that the source used last.</summary>
    Unexplained,

    /// <summary>The server of the source's own mapping issued it.</summary>
    Explained,

    /// <summary>The server of a tunnel issued it that the source may claim.</summary>
    Claim,
}
