using System.Buffers.Binary;
using System.Net;

namespace WgProxy.Core.Vocabulary;

/// <summary>A list of address prefixes. IPv4 ones match IPv4 clients, v4-mapped or not.</summary>
public sealed class AddressList
{
    private readonly (ulong High, ulong Low, ulong MaskHigh, ulong MaskLow)[] _prefixes;

    /// <summary>A list of these prefixes.</summary>
    public AddressList(IEnumerable<IPNetwork> prefixes) => _prefixes = [.. prefixes.Select(ToWords)];

    /// <summary>The list without a prefix.</summary>
    public static AddressList Empty { get; } = new([]);

    /// <summary>Whether there is no prefix.</summary>
    public bool IsEmpty => _prefixes.Length == 0;

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
