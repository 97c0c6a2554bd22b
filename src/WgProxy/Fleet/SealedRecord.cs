using System.Buffers.Binary;
using System.Text;
using WgProxy.Core.Journal;
using WgProxy.Core.Protocol;

namespace WgProxy.Fleet;

/// <summary>
/// A record as the store holds it, version 1: some 290 bytes for a usual mapping. The same bytes stand under the mapping's name, under each of its indices, and in the batch that
/// is published. What a record is good for shows inside it: where it was stored or sent tells nothing that is believed.
/// </summary>
/// <remarks>
/// <code>
/// offset  size
///      0     1  version, 1; authenticated too
///      1    24  nonce
///     25     8  when it was written, milliseconds since 1970 by the store's clock          sealed from here,
///     33     1  length of the relay's name, 1 to 64                                        XChaCha20-Poly1305
///     34     n  name of the relay that wrote it, UTF-8
///   34+n     m  the record, packed
/// 34+n+m    16  tag
/// </code>
/// The record's own instant is zero in it: clocks of hosts differ, and the store's does not.
/// </remarks>
internal static class SealedRecord
{
    /// <summary>Bytes at most.</summary>
    public const int Longest = HeadSize + InnerHeadSize + LongestName + PackedRecord.Longest + XChaCha20Poly1305.TagSize;

    /// <summary>Bytes of a relay's name at most.</summary>
    public const int LongestName = 64;

    /// <summary>The version that this program writes, and the only one that it reads.</summary>
    public const byte Version = 1;

    private const int HeadSize = 1 + XChaCha20Poly1305.NonceSize;
    private const int InnerHeadSize = sizeof(long) + 1;
    private const int Shortest = HeadSize + InnerHeadSize + 1 + XChaCha20Poly1305.TagSize;

    /// <summary>Seals a record.</summary>
    /// <param name="key">The fleet's key.</param>
    /// <param name="nonce">24 bytes that no other record of the fleet was sealed with.</param>
    /// <param name="relay">The name of this relay, in UTF-8.</param>
    /// <param name="written">When it was written, by the store's clock.</param>
    /// <param name="record">The record.</param>
    /// <param name="bytes">Receives the bytes.</param>
    /// <returns>How many they are.</returns>
    public static int Write(FleetKey key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> relay, long written, in MappingRecord record, Span<byte> bytes)
    {
        Span<byte> plain = stackalloc byte[InnerHeadSize + LongestName + PackedRecord.Longest];
        BinaryPrimitives.WriteInt64LittleEndian(plain, written);
        plain[sizeof(long)] = (byte)relay.Length;
        relay.CopyTo(plain[InnerHeadSize..]);
        MappingRecord stored = record;
        stored.Written = default;
        int length = InnerHeadSize + relay.Length;
        length += PackedRecord.Write(stored, plain[length..]);
        bytes[0] = Version;
        nonce.CopyTo(bytes[1..HeadSize]);
        int end = HeadSize + length + XChaCha20Poly1305.TagSize;
        XChaCha20Poly1305.Seal(key.Seal, nonce, bytes[..1], plain[..length], bytes[HeadSize..end]);
        return end;
    }

    /// <summary>Opens a record, wherever these bytes came from.</summary>
    /// <param name="key">The fleet's key.</param>
    /// <param name="bytes">Any bytes.</param>
    /// <param name="record">The record; null if it is none.</param>
    public static SealVerdict Open(FleetKey key, ReadOnlySpan<byte> bytes, out FleetRecord? record)
    {
        record = null;
        if (bytes.Length > 0 && bytes[0] != Version)
        {
            return SealVerdict.OtherVersion;
        }

        if (bytes.Length is < Shortest or > Longest)
        {
            return SealVerdict.Forged;
        }

        Span<byte> plain = stackalloc byte[InnerHeadSize + LongestName + PackedRecord.Longest];
        plain = plain[..(bytes.Length - HeadSize - XChaCha20Poly1305.TagSize)];
        if (!XChaCha20Poly1305.TryOpen(key.Seal, bytes[1..HeadSize], bytes[..1], bytes[HeadSize..], plain))
        {
            return SealVerdict.Forged;
        }

        int nameLength = plain[sizeof(long)];
        if (nameLength is 0 or > LongestName || plain.Length - InnerHeadSize < nameLength
            || !PackedRecord.TryRead(plain[(InnerHeadSize + nameLength)..], out MappingRecord read))
        {
            return SealVerdict.Unreadable;
        }

        string relay = Encoding.UTF8.GetString(plain.Slice(InnerHeadSize, nameLength));
        record = new FleetRecord(relay, BinaryPrimitives.ReadInt64LittleEndian(plain), read);
        return SealVerdict.Opened;
    }
}

/// <summary>What became of bytes that should be a sealed record.</summary>
internal enum SealVerdict
{
    /// <summary>It is one.</summary>
    Opened,

    /// <summary>It is of another version of wgproxy, or no record at all.</summary>
    OtherVersion,

    /// <summary>It was not sealed with the fleet's key, or not as it is now.</summary>
    Forged,

    /// <summary>A relay of the fleet sealed it, and it means nothing here.</summary>
    Unreadable,
}
