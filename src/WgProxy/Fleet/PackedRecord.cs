using System.Buffers.Binary;
using WgProxy.Core.Journal;

namespace WgProxy.Fleet;

/// <summary>
/// A record's bytes without its zeros: 71 bits that say which words of eight bytes are not zero, and then those words. Two thirds of a usual record are zeros: places for
/// eight pairs and eight questions, of which one or two are taken. Each record has one packed form; everything else is refused.
/// </summary>
internal static class PackedRecord
{
    /// <summary>Bytes at most: no word is zero.</summary>
    public const int Longest = BitsSize + MappingRecord.Size;

    private const int WordSize = sizeof(ulong);
    private const int Words = MappingRecord.Size / WordSize;
    private const int BitsSize = (Words + 7) / 8;

    /// <summary>Packs a record.</summary>
    /// <param name="record">The record.</param>
    /// <param name="packed">Receives the bytes: <see cref="Longest"/> at most.</param>
    /// <returns>How many they are.</returns>
    public static int Write(in MappingRecord record, Span<byte> packed)
    {
        Span<byte> bytes = stackalloc byte[MappingRecord.Size];
        record.Write(bytes);
        packed[..BitsSize].Clear();
        int length = BitsSize;
        for (int word = 0; word < Words; word++)
        {
            ReadOnlySpan<byte> each = bytes.Slice(word * WordSize, WordSize);
            if (BinaryPrimitives.ReadUInt64LittleEndian(each) != 0)
            {
                packed[word / 8] |= (byte)(1 << (word % 8));
                each.CopyTo(packed[length..]);
                length += WordSize;
            }
        }

        return length;
    }

    /// <summary>Reads a record, if the bytes are exactly those that <see cref="Write"/> writes for it.</summary>
    public static bool TryRead(ReadOnlySpan<byte> packed, out MappingRecord record)
    {
        record = default;
        if (packed.Length < BitsSize || packed[BitsSize - 1] >> (Words % 8) != 0)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[MappingRecord.Size];
        bytes.Clear();
        int at = BitsSize;
        for (int word = 0; word < Words; word++)
        {
            if ((packed[word / 8] & (1 << (word % 8))) == 0)
            {
                continue;
            }

            if (packed.Length - at < WordSize || BinaryPrimitives.ReadUInt64LittleEndian(packed[at..]) == 0)
            {
                return false;
            }

            packed.Slice(at, WordSize).CopyTo(bytes[(word * WordSize)..]);
            at += WordSize;
        }

        return at == packed.Length && MappingRecord.TryRead(bytes, out record);
    }
}
