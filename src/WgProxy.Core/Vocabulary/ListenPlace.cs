using System.Buffers.Binary;
using System.Net;

namespace WgProxy.Core.Vocabulary;

/// <summary>An address with a port that clients send to, or every address of an IP version with a port.</summary>
/// <param name="High">The first half of the address, IPv4 as v4-mapped; 0 for every address.</param>
/// <param name="Low">The second half.</param>
/// <param name="Port">The port.</param>
/// <param name="IsIPv4">The IP version.</param>
/// <param name="IsAny">Whether it stands for every address.</param>
internal readonly record struct ListenPlace(ulong High, ulong Low, ushort Port, bool IsIPv4, bool IsAny)
{
    /// <summary>The place of an address that is listened on.</summary>
    public static ListenPlace Of(IPEndPoint listening)
    {
        Span<byte> bytes = stackalloc byte[16];
        listening.Address.MapToIPv6().TryWriteBytes(bytes, out _);
        bool isAny = listening.Address.Equals(IPAddress.Any) || listening.Address.Equals(IPAddress.IPv6Any);
        return new ListenPlace(
            isAny ? 0 : BinaryPrimitives.ReadUInt64BigEndian(bytes),
            isAny ? 0 : BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
            (ushort)listening.Port,
            listening.Address.GetAddressBytes().Length == sizeof(uint),
            isAny);
    }

    /// <summary>The address and port that a source sends to.</summary>
    public static ListenPlace Of(in Source source)
    {
        (_, _, ulong high, ulong low, _) = source.Words;
        return new ListenPlace(high, low, source.LocalPort, source.IsIPv4, IsAny: false);
    }

    /// <summary>Every address of its IP version, with the port that a source sends to.</summary>
    public static ListenPlace AnyOf(in Source source) => new(0, 0, source.LocalPort, source.IsIPv4, IsAny: true);
}
