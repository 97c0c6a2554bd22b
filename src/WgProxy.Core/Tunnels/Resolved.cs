namespace WgProxy.Core.Tunnels;

/// <summary>Whose datagram a client's is, by the index in it. As small as a register: there is one for each datagram.</summary>
/// <param name="Slot">The source's mapping that the datagram belongs to; of a claim, the one that is to join the tunnel. -1 if the
/// source has none.</param>
/// <param name="Tunnel">The tunnel to be claimed, or why there is none.</param>
internal readonly record struct Resolved(int Slot, int Tunnel)
{
    /// <summary>A neighbour's tunnel, of which <see cref="Roaming"/> holds a copy.</summary>
    public const int Lent = -1;

    private const int Own = -2;
    private const int Unknown = -3;

    /// <summary>Whether the server of the source's own mapping issued the index.</summary>
    public bool IsExplained => Tunnel == Own;

    /// <summary>Whether the server of a tunnel issued the index that the source may claim.</summary>
    public bool IsClaim => Tunnel >= Lent;

    /// <summary>The server of this mapping, which is the source's, issued the index.</summary>
    public static Resolved Explained(int slot) => new(slot, Own);

    /// <summary>No server issued the index, as far as the source is concerned. If the source has mappings, the datagram belongs to
    /// this one.</summary>
    public static Resolved Unexplained(int slot) => new(slot, Unknown);
}
