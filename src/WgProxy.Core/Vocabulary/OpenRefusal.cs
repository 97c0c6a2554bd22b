using System.Net;

namespace WgProxy.Core.Vocabulary;

/// <summary>Why an engine could not open an upstream socket.</summary>
/// <param name="Call">The refused call, as the kernel spells it; null if no call was refused.</param>
/// <param name="Error">The error's number; 0 if there is none.</param>
/// <param name="Server">The address to which the socket was to be connected.</param>
public readonly record struct OpenRefusal(string? Call, int Error, IPEndPoint? Server)
{
    // Linux, Winsock, and macOS and the BSDs.
    private const int FamilyNotSupported = 97;
    private const int WinsockFamilyNotSupported = 10_047;
    private const int BsdFamilyNotSupported = 47;

    private const int AddressNotAvailable = 99;
    private const int WinsockAddressNotAvailable = 10_049;
    private const int BsdAddressNotAvailable = 49;

    /// <summary>Whether the refusal concerns the local port. Another port may work.</summary>
    public bool IsOfThePort => Call is "bind" && !IsOfTheAddress;

    /// <summary>Whether this host does not have the local address that the socket was to be bound to. Another may work.</summary>
    public bool IsOfTheAddress =>
        Call is "bind" && Error is AddressNotAvailable or WinsockAddressNotAvailable or BsdAddressNotAvailable;

    /// <summary>Whether the refusal concerns the server's address, for whatever reason (ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL,
    /// EACCES, EINVAL…), or that this host has no address to reach it from. Another address may work.</summary>
    public bool IsUnreachable => Call is "connect" || IsOfTheAddress
        || (Call is "socket" && Error is FamilyNotSupported or WinsockFamilyNotSupported or BsdFamilyNotSupported);

    /// <summary>The source addresses that the operator gave hold none of the server's IP version.</summary>
    public static OpenRefusal NoAddress(IPEndPoint server) => new("socket", FamilyNotSupported, server);
}
