using System.Buffers.Binary;
using WgProxy.Core.Protocol;
using WgProxy.State;

namespace WgProxy.Accounting;

/// <summary>
/// The form of a day's file: a header, and a row for each account. Every row has a checksum with the day in it, so a damaged row, or one
/// of another day, costs itself only. Any bytes may be read.
/// </summary>
/// <remarks>
/// All numbers are little-endian.
/// <code>
///     header, 64                              row, 120
///      0    8  "wgusage" and a zero byte       0    4  CRC-32C of the day, the kind and what follows at 8
///      8    4  version, 1                      4    4  kind: 0 a whole server, 1 a peer
///     12    4  size of a row, 120              8   32  public key of the server
///     16    4  the day, counted from 1970     40   32  public key of the peer; zeros for a whole server
///     20    4  how many rows                  72   48  handshakes, datagrams up, down, bytes up, down, last seen
///     24   32  zeros
///     56    4  CRC-32C of the 56 bytes before
///     60    4  zeros
/// </code>
/// </remarks>
internal static class UsageLayout
{
    /// <summary>The size of the header.</summary>
    public const int HeaderSize = 64;

    /// <summary>The size of a row.</summary>
    public const int RowSize = 120;

    /// <summary>Rows of a day at most. The file then has 2 MB.</summary>
    public const int MostRows = 1 << 14;

    /// <summary>From so many rows on, only those of whole servers are added: peers beyond are counted for their server.</summary>
    public const int MostWithPeers = MostRows - (2 * Limits.MostRoutes);

    // No figure of a day is larger, and two of them can be added.
    private const long MostOfFigure = long.MaxValue / 2;

    private const uint Version = 1;
    private const int ChecksumAt = 56;
    private const int FiguresAt = 72;

    private static readonly DateOnly Epoch = DateOnly.FromDateTime(DateTime.UnixEpoch);

    private static ReadOnlySpan<byte> Magic => "wgusage\0"u8;

    /// <summary>The file of a day.</summary>
    public static byte[] Write(DateOnly day, IReadOnlyCollection<KeyValuePair<UsageOwner, UsageFigures>> rows)
    {
        byte[] file = new byte[HeaderSize + (rows.Count * RowSize)];
        Magic.CopyTo(file);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(8), Version);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(12), RowSize);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(16), NumberOf(day));
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(20), rows.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(ChecksumAt), Checksum.Of(0, file.AsSpan(0, ChecksumAt)));
        Span<byte> row = file.AsSpan(HeaderSize);
        foreach ((UsageOwner owner, UsageFigures figures) in rows)
        {
            WriteRow(row, day, owner, figures);
            row = row[RowSize..];
        }

        return file;
    }

    /// <summary>What is wrong with a file, in words that continue "the file"; null if its rows can be read.</summary>
    public static string? FlawOf(ReadOnlySpan<byte> file, DateOnly day)
    {
        return file.Length < HeaderSize || !file.StartsWith(Magic) ? "is no file of usage"
            : BinaryPrimitives.ReadUInt32LittleEndian(file[8..]) != Version || BinaryPrimitives.ReadUInt32LittleEndian(file[12..]) != RowSize
                ? "is of another version of wgproxy"
            : BinaryPrimitives.ReadUInt32LittleEndian(file[ChecksumAt..]) != Checksum.Of(0, file[..ChecksumAt]) ? "is damaged"
            : BinaryPrimitives.ReadInt32LittleEndian(file[16..]) != NumberOf(day) ? "is of another day than its name says"
            : null;
    }

    /// <summary>Reads the rows of a file without a flaw. Of two with the same owner, the second counts.</summary>
    /// <param name="file">Its bytes.</param>
    /// <param name="day">Its day.</param>
    /// <param name="rows">Receives them, up to <see cref="MostRows"/>.</param>
    /// <returns>How many rows are damaged, or missing at the end.</returns>
    public static int Read(ReadOnlySpan<byte> file, DateOnly day, Dictionary<UsageOwner, UsageFigures> rows)
    {
        int listed = Math.Clamp(BinaryPrimitives.ReadInt32LittleEndian(file[20..]), 0, MostRows);
        int there = Math.Min(listed, (file.Length - HeaderSize) / RowSize);
        int damaged = listed - there;
        for (int i = 0; i < there; i++)
        {
            if (TryReadRow(file.Slice(HeaderSize + (i * RowSize), RowSize), day, out UsageOwner owner, out UsageFigures figures))
            {
                rows[owner] = figures;
            }
            else
            {
                damaged++;
            }
        }

        return damaged;
    }

    private static void WriteRow(Span<byte> row, DateOnly day, in UsageOwner owner, in UsageFigures figures)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(row[4..], owner.Peer is null ? 0u : 1u);
        owner.Server.Bytes.CopyTo(row[8..]);
        owner.Peer?.Bytes.CopyTo(row[40..]);
        Span<byte> numbers = row[FiguresAt..RowSize];
        BinaryPrimitives.WriteInt64LittleEndian(numbers, figures.Handshakes);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[8..], figures.UplinkDatagrams);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[16..], figures.DownlinkDatagrams);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[24..], figures.UplinkBytes);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[32..], figures.DownlinkBytes);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[40..], figures.LastSeen);
        BinaryPrimitives.WriteUInt32LittleEndian(row, ChecksumOf(row, day));
    }

    private static bool TryReadRow(ReadOnlySpan<byte> row, DateOnly day, out UsageOwner owner, out UsageFigures figures)
    {
        (owner, figures) = (default, default);
        uint kind = BinaryPrimitives.ReadUInt32LittleEndian(row[4..]);
        PublicKey? server = PublicKey.Of(row.Slice(8, WireGuard.PublicKeySize));
        PublicKey? peer = PublicKey.Of(row.Slice(40, WireGuard.PublicKeySize));
        if (BinaryPrimitives.ReadUInt32LittleEndian(row) != ChecksumOf(row, day) || server is null || kind != (peer is null ? 0u : 1u))
        {
            return false;
        }

        ReadOnlySpan<byte> numbers = row[FiguresAt..];
        for (int at = 0; at < numbers.Length; at += sizeof(long))
        {
            if (BinaryPrimitives.ReadInt64LittleEndian(numbers[at..]) is < 0 or > MostOfFigure)
            {
                return false;
            }
        }

        owner = new UsageOwner(server, peer);
        figures = new UsageFigures(
            BinaryPrimitives.ReadInt64LittleEndian(numbers),
            BinaryPrimitives.ReadInt64LittleEndian(numbers[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(numbers[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(numbers[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(numbers[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(numbers[40..]));
        return true;
    }

    private static uint ChecksumOf(ReadOnlySpan<byte> row, DateOnly day) =>
        Checksum.Of(((uint)NumberOf(day) * 2) ^ BinaryPrimitives.ReadUInt32LittleEndian(row[4..]), row[8..RowSize]);

    private static int NumberOf(DateOnly day) => day.DayNumber - Epoch.DayNumber;
}
