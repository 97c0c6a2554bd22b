using System.Buffers.Binary;
using System.Net;

namespace WgProxy.Core.Engine;

/// <summary>
/// The source addresses of upstream sockets. Each of the list's entries is drawn equally often, and within a prefix each address is. Of an
/// IPv4 prefix the first and the last address are left out, because an attached subnet has its broadcasts there. Of an IPv6 prefix the
/// first is, which belongs to routers (RFC 4291, section 2.6.1).
/// </summary>
internal sealed class AddressPool
{
    private const int BitsOfIPv4 = 32;
    private const int BitsOfIPv6 = 128;

    private readonly Entry[] _v4;
    private readonly Entry[] _v6;

    /// <summary>The addresses of these prefixes.</summary>
    public AddressPool(IEnumerable<IPNetwork> prefixes)
    {
        Entry[] all = [.. prefixes.Select(Entry.Of)];
        (_v4, _v6) = ([.. all.Where(each => each.IsIPv4)], [.. all.Where(each => !each.IsIPv4)]);
    }

    /// <summary>The pool without an address: the system chooses.</summary>
    public static AddressPool Empty { get; } = new([]);

    /// <summary>The first and the last address of a prefix that may be drawn.</summary>
    public static (UpstreamEnd First, UpstreamEnd Last) EndsOf(IPNetwork prefix)
    {
        Entry entry = Entry.Of(prefix);
        return (new UpstreamEnd(entry.First, 0, entry.IsPrefix), new UpstreamEnd(entry.First + (entry.Count - 1), 0, entry.IsPrefix));
    }

    /// <summary>Whether there is no address at all.</summary>
    public bool IsEmpty => _v4.Length + _v6.Length == 0;

    /// <summary>Whether sockets of an IP version are bound to addresses.</summary>
    public bool Has(bool isIPv4) => Of(isIPv4).Length > 0;

    /// <summary>Whether there is more than one address to draw.</summary>
    public bool HasSeveral(bool isIPv4) => Of(isIPv4) is { Length: > 1 } || (Of(isIPv4) is [Entry only] && only.Count > 1);

    /// <summary>Draws an address; zero if the pool is empty, so that the system chooses. False if there are addresses, but none of this
    /// IP version.</summary>
    /// <param name="isIPv4">The IP version.</param>
    /// <param name="random">Random bits: which entry, and which address of it.</param>
    /// <param name="end">The address, with no port.</param>
    public bool TryDraw(bool isIPv4, (ulong Entry, ulong High, ulong Low) random, out UpstreamEnd end)
    {
        end = default;
        Entry[] entries = Of(isIPv4);
        if (entries.Length == 0)
        {
            return IsEmpty;
        }

        ref readonly Entry entry = ref entries[(int)(((UInt128)random.Entry * (uint)entries.Length) >> 64)];
        end = new UpstreamEnd(entry.First + (new UInt128(random.High, random.Low) % entry.Count), 0, entry.IsPrefix);
        return true;
    }

    /// <summary>Whether an address may be drawn, and how it then is bound; zero if it may not.</summary>
    public bool TryFind(UInt128 address, out UpstreamEnd end)
    {
        foreach (ref readonly Entry entry in Of(new UpstreamEnd(address, 0).IsIPv4).AsSpan())
        {
            if (address - entry.First < entry.Count)
            {
                end = new UpstreamEnd(address, 0, entry.IsPrefix);
                return true;
            }
        }

        end = default;
        return false;
    }

    private Entry[] Of(bool isIPv4) => isIPv4 ? _v4 : _v6;

    private readonly record struct Entry(UInt128 First, UInt128 Count, bool IsPrefix, bool IsIPv4)
    {
        public static Entry Of(IPNetwork prefix)
        {
            Span<byte> bytes = stackalloc byte[16];
            bool isIPv4 = prefix.BaseAddress.GetAddressBytes().Length == 4;
            prefix.BaseAddress.MapToIPv6().TryWriteBytes(bytes, out _);
            UInt128 first = BinaryPrimitives.ReadUInt128BigEndian(bytes);
            int hostBits = (isIPv4 ? BitsOfIPv4 : BitsOfIPv6) - prefix.PrefixLength;

            // The number of all IPv6 addresses is too large by one. No host is routed so many.
            UInt128 count = hostBits >= BitsOfIPv6 ? UInt128.MaxValue : UInt128.One << hostBits;
            if (hostBits > 1)
            {
                (first, count) = (first + 1, count - (isIPv4 ? 2u : 1u));
            }

            return new Entry(first, count, hostBits > 0, isIPv4);
        }
    }
}
