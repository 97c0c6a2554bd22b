using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using WgProxy.Core.Journal;
using WgProxy.Core.Protocol;

namespace WgProxy.Fleet;

/// <summary>
/// The secret that all relays of a fleet have, and what is derived from it by BLAKE2s: the key that seals records, the key under which the store knows them, and keys for other
/// purposes. A reader of the store without the secret learns neither indices nor addresses nor names: only how many records there are, which belong to one relay, and when
/// they were written.
/// </summary>
internal sealed class FleetKey
{
    /// <summary>The number of bytes of the secret.</summary>
    public const int Size = 32;

    /// <summary>Groups of routes. An index is looked up once in each group, so that relays with any number of servers ask for four keys at most. Of two tunnels of one
    /// group with one index the last written stands in the store. With a million tunnels of many servers that is one in 17,000; its client waits for its next handshake.</summary>
    public const int Groups = 4;

    /// <summary>The size of the name of an index in the store.</summary>
    public const int IndexNameSize = 10 + MacSize;

    /// <summary>The size of the name of a mapping.</summary>
    public const int MappingNameSize = 10 + RelaySize + 1 + MacSize;

    // Of 16 and of 8 bytes, in base64url without padding.
    private const int MacSize = 22;
    private const int RelaySize = 11;
    private const int RelayBytes = 8;
    private const int NameBytes = 16;

    private readonly byte[] _secret;
    private readonly byte[] _seal;
    private readonly Blake2sKey _names;

    /// <summary>A fleet's key.</summary>
    /// <param name="secret">32 bytes.</param>
    public FleetKey(ReadOnlySpan<byte> secret)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(secret.Length, Size, nameof(secret));
        _secret = secret.ToArray();
        _seal = Derive("records");
        _names = new Blake2sKey(Derive("names"), NameBytes);
    }

    // What a name in the store is for: the first byte under the MAC.
    private enum Purpose : byte
    {
        Index = 1,
        Mapping = 2,
        Relay = 3,
        Group = 4,
    }

    /// <summary>The key that seals records.</summary>
    internal ReadOnlySpan<byte> Seal => _seal;

    /// <summary>32 bytes for one purpose, the same on all relays of the fleet. They do not tell the secret, or those of other purposes.</summary>
    /// <param name="purpose">The purpose, in a word.</param>
    public byte[] Derive(string purpose)
    {
        byte[] derived = new byte[Size];
        Blake2s.Mac(_secret, Encoding.UTF8.GetBytes("wgproxy fleet " + purpose), derived);
        return derived;
    }

    /// <summary>The group of a route, from 0 to 3.</summary>
    public int GroupOf(ReadOnlySpan<byte> route)
    {
        Span<byte> text = stackalloc byte[1 + WireGuard.PublicKeySize];
        text[0] = (byte)Purpose.Group;
        route.CopyTo(text[1..]);
        Span<byte> mac = stackalloc byte[NameBytes];
        _names.Mac(text, mac);
        return mac[0] % Groups;
    }

    /// <summary>The groups of these routes, as bits.</summary>
    public ulong GroupsOf(IEnumerable<PublicKey> routes) => routes.Aggregate(0UL, (groups, route) => groups | (1UL << GroupOf(route.Bytes)));

    /// <summary>Where a tunnel of some route of a group is stored, by an index that its server issued.</summary>
    /// <param name="group">The group: <see cref="GroupOf"/>.</param>
    /// <param name="index">The index.</param>
    /// <param name="name">Receives the name: <see cref="IndexNameSize"/> bytes.</param>
    public void WriteIndexName(int group, uint index, Span<byte> name)
    {
        Span<byte> text = stackalloc byte[6];
        (text[0], text[1]) = ((byte)Purpose.Index, (byte)group);
        BinaryPrimitives.WriteUInt32LittleEndian(text[2..], index);
        "wgproxy:i:"u8.CopyTo(name);
        WriteMac(text, name["wgproxy:i:".Length..]);
    }

    /// <summary>Where a mapping of a relay is stored.</summary>
    /// <param name="relay">What <see cref="RelayName"/> says of the relay, in ASCII.</param>
    /// <param name="record">A record of the mapping.</param>
    /// <param name="name">Receives the name: <see cref="MappingNameSize"/> bytes.</param>
    public void WriteMappingName(ReadOnlySpan<byte> relay, in MappingRecord record, Span<byte> name)
    {
        (ulong high, ulong low, ulong localHigh, ulong localLow, ulong rest) = record.Source.Words;
        Span<byte> text = stackalloc byte[1 + (5 * sizeof(ulong)) + WireGuard.PublicKeySize];
        text[0] = (byte)Purpose.Mapping;
        BinaryPrimitives.WriteUInt64LittleEndian(text[1..], high);
        BinaryPrimitives.WriteUInt64LittleEndian(text[9..], low);
        BinaryPrimitives.WriteUInt64LittleEndian(text[17..], localHigh);
        BinaryPrimitives.WriteUInt64LittleEndian(text[25..], localLow);
        BinaryPrimitives.WriteUInt64LittleEndian(text[33..], rest);
        ((ReadOnlySpan<byte>)record.Route).CopyTo(text[41..]);
        "wgproxy:m:"u8.CopyTo(name);
        relay.CopyTo(name["wgproxy:m:".Length..]);
        name["wgproxy:m:".Length + relay.Length] = (byte)':';
        WriteMac(text, name[("wgproxy:m:".Length + relay.Length + 1)..]);
    }

    /// <summary>What names a relay in the store: 11 characters that do not tell its name.</summary>
    public string RelayName(string name)
    {
        Span<byte> mac = stackalloc byte[NameBytes];
        byte[] text = Encoding.UTF8.GetBytes((char)Purpose.Relay + name);
        _names.Mac(text, mac);
        return Base64Url.EncodeToString(mac[..RelayBytes]);
    }

    /// <summary>What all mappings of a relay match, for SCAN. No character of it but the last means anything there.</summary>
    public static string MappingsOf(string relay) => $"wgproxy:m:{relay}:*";

    /// <summary>The channel by which a relay publishes its batches.</summary>
    public static string ChannelOf(string relay) => $"wgproxy:b:{relay}";

    /// <summary>What shows that a relay is there: it is written anew every few seconds.</summary>
    public static string PresenceOf(string relay) => $"wgproxy:r:{relay}";

    private void WriteMac(ReadOnlySpan<byte> text, Span<byte> name)
    {
        Span<byte> mac = stackalloc byte[NameBytes];
        _names.Mac(text, mac);
        _ = Base64Url.EncodeToUtf8(mac, name);
    }
}
