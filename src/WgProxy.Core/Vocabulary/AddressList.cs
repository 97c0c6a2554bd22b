using System.Buffers.Binary;
using System.Net;

namespace WgProxy.Core.Vocabulary;

/// <summary>A list of address prefixes. IPv4 ones match IPv4 clients, v4-mapped or not.</summary>
public sealed class AddressList : IEquatable<AddressList>
{
    private readonly IPNetwork[] _networks;
    private readonly (ulong High, ulong Low, ulong MaskHigh, ulong MaskLow)[] _prefixes;

    /// <summary>A list of these prefixes.</summary>
    public AddressList(IEnumerable<IPNetwork> prefixes)
    {
        _networks = [.. prefixes];
        _prefixes = [.. _networks.Select(ToWords)];
    }

    /// <summary>The list without a prefix.</summary>
    public static AddressList Empty { get; } = new([]);

    /// <summary>Whether there is no prefix.</summary>
    public bool IsEmpty => _prefixes.Length == 0;

    /// <summary>The prefixes of this list and then those of another that are not in it.</summary>
    public AddressList With(AddressList other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return other.IsEmpty ? this : IsEmpty ? other : new AddressList(_networks.Union(other._networks));
    }

    /// <summary>Whether a prefix covers the source's address.</summary>
    public bool Contains(in Source source)
    {
        (ulong high, ulong low, _, _, _) = source.Words;
        foreach ((ulong prefixHigh, ulong prefixLow, ulong maskHigh, ulong maskLow) in _prefixes)
        {
            if ((high & maskHigh) == prefixHigh && (low & maskLow) == prefixLow)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the other list has the same prefixes, in the same order.</summary>
    public bool Equals(AddressList? other) => other is not null && _prefixes.AsSpan().SequenceEqual(other._prefixes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as AddressList);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_prefixes.Length, _prefixes is [var first, ..] ? first : default);

    private static (ulong High, ulong Low, ulong MaskHigh, ulong MaskLow) ToWords(IPNetwork prefix)
    {
        Span<byte> bytes = stackalloc byte[16];
        prefix.BaseAddress.MapToIPv6().TryWriteBytes(bytes, out _);
        int length = prefix.PrefixLength + (prefix.BaseAddress.GetAddressBytes().Length == 4 ? 96 : 0);
        ulong maskHigh = Mask(length);
        ulong maskLow = Mask(length - 64);
        return (
            BinaryPrimitives.ReadUInt64BigEndian(bytes) & maskHigh,
            BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]) & maskLow,
            maskHigh,
            maskLow);
    }

    private static ulong Mask(int bits) => bits <= 0 ? 0 : bits >= 64 ? ulong.MaxValue : ~(ulong.MaxValue >> bits);
}
