using System.Buffers.Binary;
using System.Net;

namespace WgProxy.Core.Vocabulary;

/// <summary>Some of the addresses and ports that the relay listens on, by which a server's clients come. An address that stands for every one of
/// its IP version, with a port, means all clients that send to that port.</summary>
public sealed class ListenList : IEquatable<ListenList>
{
    private readonly (ulong High, ulong Low, ushort Port, bool IsIPv4, bool IsAny)[] _places;

    /// <summary>A list of these addresses.</summary>
    public ListenList(IEnumerable<IPEndPoint> addresses) => _places = [.. addresses.Select(ToPlace)];

    /// <summary>The list without an address: a server with it is served wherever the relay listens.</summary>
    public static ListenList Everywhere { get; } = new([]);

    /// <summary>Whether a server with this list is served wherever the relay listens.</summary>
    public bool IsEverywhere => _places.Length == 0;

    /// <summary>Whether the source sends to one of the addresses.</summary>
    internal bool Serves(in Source source)
    {
        if (_places.Length == 0)
        {
            return true;
        }

        (_, _, ulong high, ulong low, _) = source.Words;
        foreach ((ulong ownHigh, ulong ownLow, ushort port, bool isIPv4, bool isAny) in _places)
        {
            if (port == source.LocalPort && isIPv4 == source.IsIPv4 && (isAny || (high == ownHigh && low == ownLow)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the other list has the same addresses, in the same order.</summary>
    public bool Equals(ListenList? other) => other is not null && _places.AsSpan().SequenceEqual(other._places);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ListenList);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_places.Length, _places is [var first, ..] ? first : default);

    private static (ulong High, ulong Low, ushort Port, bool IsIPv4, bool IsAny) ToPlace(IPEndPoint address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.Address.MapToIPv6().TryWriteBytes(bytes, out _);
        (ulong high, ulong low) = (BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));
        bool isAny = address.Address.Equals(IPAddress.Any) || address.Address.Equals(IPAddress.IPv6Any);
        return (high, low, (ushort)address.Port, address.Address.GetAddressBytes().Length == 4, isAny);
    }
}
