namespace WgProxy.Core.Engine;

/// <summary>Where an upstream socket is to be bound.</summary>
/// <param name="Address">The local address: 16 bytes in network order, IPv4 as v4-mapped; zero if the system is to choose.</param>
/// <param name="Port">The local port; 0 if the system is to choose.</param>
/// <param name="IsOfPrefix">Whether the address is one of a prefix that is routed to this host. No interface need have it.</param>
internal readonly record struct UpstreamEnd(UInt128 Address, ushort Port, bool IsOfPrefix = false)
{
    private const int MappedBits = 32;

    /// <summary>What stands before an IPv4 address in the form of IPv6.</summary>
    public static UInt128 Mapped => (UInt128)0xFFFF << MappedBits;

    /// <summary>Whether the address is IPv4.</summary>
    public bool IsIPv4 => Address >> MappedBits == 0xFFFF;
}
