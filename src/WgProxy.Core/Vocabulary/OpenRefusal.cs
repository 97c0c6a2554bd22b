using System.Net;

namespace WgProxy.Core.Vocabulary;

/// <summary>Why an engine could not open an upstream socket.</summary>
/// <param name="Call">What was refused, as the kernel spells it; null if it was none of its calls.</param>
/// <param name="Error">The error's number; 0 if there is none.</param>
/// <param name="Server">Where the socket was to lead.</param>
public readonly record struct OpenRefusal(string? Call, int Error, IPEndPoint? Server)
{
    // Linux, Winsock, and macOS and the BSDs.
    private const int FamilyNotSupported = 97;
    private const int WinsockFamilyNotSupported = 10_047;
    private const int BsdFamilyNotSupported = 47;

    /// <summary>Whether it was the server's address that was refused, for whatever reason (ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL,
    /// EACCES, EINVAL…): there may be another.</summary>
    public bool IsUnreachable => Call is "connect"
        || (Call is "socket" && Error is FamilyNotSupported or WinsockFamilyNotSupported or BsdFamilyNotSupported);
}
