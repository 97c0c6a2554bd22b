using System.Buffers.Binary;
using WgProxy.Core.Journal;

namespace WgProxy.State;

/// <summary>
/// The bytes of the file of records, version 1: a page of 4,096 bytes that says what the file is, then pages of seven cells. A cell has
/// 584 bytes, and none crosses a page: the kernel copies into one page at once, so a write that SIGKILL interrupts leaves the cell as
/// it was or as it was to be. Numbers are little-endian.
/// </summary>
/// <remarks>
/// <code>
/// first page                                 cell
/// offset size                                offset size
///      0    8  "wgproxy" and a zero byte          0    4  1; all 584 bytes are zero if the cell is free
///      8    4  version, 1                         4    4  CRC-32C of the cell's number and of all that follows
///     12    4  size of a record, 568              8    8  last use, milliseconds since 1970, UTC
///     16   16  identity of the seeds             16  568  the record
///     32    4  CRC-32C of the 32 bytes before
/// </code>
/// </remarks>
internal static class StateLayout
{
    /// <summary>The size of a page.</summary>
    public const int PageSize = 4_096;

    /// <summary>The size of a cell.</summary>
    public const int CellSize = 16 + MappingRecord.Size;

    /// <summary>Cells in a page.</summary>
    public const int CellsPerPage = PageSize / CellSize;

    /// <summary>The size of the identity of seeds.</summary>
    public const int IdentitySize = 16;

    /// <summary>Cells at most: there are no more ports. The file then has 38 MB, and a reader looks at no more of a longer one.</summary>
    public const int MostCells = 1 << 16;

    private const uint Version = 1;
    private const uint Used = 1;
    private const int HeaderSize = 32;

    private static ReadOnlySpan<byte> Magic => "wgproxy\0"u8;

    /// <summary>Where a cell begins.</summary>
    public static long OffsetOf(int cell) => (PageSize * (1L + (cell / CellsPerPage))) + (cell % CellsPerPage * CellSize);

    /// <summary>How many whole cells a file of this length has.</summary>
    public static int CellsIn(long length)
    {
        (long pages, long rest) = Math.DivRem(Math.Max(length - PageSize, 0), PageSize);
        return (int)Math.Min((pages * CellsPerPage) + Math.Min(rest / CellSize, CellsPerPage), MostCells);
    }

    /// <summary>Writes the first page.</summary>
    /// <param name="page">A page of zeros.</param>
    /// <param name="identity">The identity of the seeds beside the file.</param>
    public static void WriteHeader(Span<byte> page, ReadOnlySpan<byte> identity)
    {
        Magic.CopyTo(page);
        BinaryPrimitives.WriteUInt32LittleEndian(page[8..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(page[12..], MappingRecord.Size);
        identity[..IdentitySize].CopyTo(page[16..]);
        BinaryPrimitives.WriteUInt32LittleEndian(page[HeaderSize..], Checksum.Of(0, page[..HeaderSize]));
    }

    /// <summary>What is wrong with a first page, in words that continue "the file"; null if nothing is.</summary>
    public static string? FlawOf(ReadOnlySpan<byte> page, ReadOnlySpan<byte> identity)
    {
        if (page.Length < HeaderSize + sizeof(uint) || !page.StartsWith(Magic))
        {
            return "is no file of records";
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(page[8..]);
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(page[12..]);
        return version != Version || size != MappingRecord.Size ? "is of another version of wgproxy"
            : BinaryPrimitives.ReadUInt32LittleEndian(page[HeaderSize..]) != Checksum.Of(0, page[..HeaderSize]) ? "is damaged"
            : !page.Slice(16, IdentitySize).SequenceEqual(identity) ? "belongs to other seeds: it was copied, or its seeds are new"
            : null;
    }

    /// <summary>Writes the cell of a record.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="number">Its number.</param>
    /// <param name="used">When the mapping was last used, in milliseconds since 1970, UTC.</param>
    /// <param name="record">The bytes of the record.</param>
    public static void WriteCell(Span<byte> cell, int number, long used, ReadOnlySpan<byte> record)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(cell, Used);
        BinaryPrimitives.WriteInt64LittleEndian(cell[8..], used);
        record.CopyTo(cell[16..]);
        BinaryPrimitives.WriteUInt32LittleEndian(cell[4..], Checksum.Of((uint)number, cell[8..CellSize]));
    }

    /// <summary>Looks at a cell.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="number">Its number.</param>
    /// <param name="used">When the mapping was last used.</param>
    public static CellContent Look(ReadOnlySpan<byte> cell, int number, out long used)
    {
        used = BinaryPrimitives.ReadInt64LittleEndian(cell[8..]);
        uint mark = BinaryPrimitives.ReadUInt32LittleEndian(cell);
        return mark == Used && BinaryPrimitives.ReadUInt32LittleEndian(cell[4..]) == Checksum.Of((uint)number, cell[8..CellSize]) ? CellContent.Record
            : cell[..CellSize].ContainsAnyExcept((byte)0) ? CellContent.Damaged
            : CellContent.Free;
    }

    /// <summary>Reads the record of a cell. False if it holds none that is whole.</summary>
    public static bool TryRead(ReadOnlySpan<byte> cell, int number, out MappingRecord record)
    {
        record = default;
        return Look(cell, number, out _) == CellContent.Record && MappingRecord.TryRead(cell[16..CellSize], out record) && !record.IsEnded;
    }
}

/// <summary>What a cell holds.</summary>
internal enum CellContent
{
    /// <summary>Nothing: it is all zeros.</summary>
    Free,

    /// <summary>A record that is as it was written.</summary>
    Record,

    /// <summary>Something else.</summary>
    Damaged,
}
