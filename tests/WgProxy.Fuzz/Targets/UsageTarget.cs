using System.Buffers.Binary;
using WgProxy.Accounting;
using WgProxy.Core.Protocol;
using WgProxy.Fuzz.Fuzzing;

namespace WgProxy.Fuzz.Targets;

/// <summary>A day's file of usage as a disk hands it over. Its rows are read exactly if the header is right, and of these exactly those whose
/// checksum is, which is reckoned here once more, bit by bit. An input is two bytes of settings, which are how many rows there are and how many
/// bytes are missing at the end, and then changes of three bytes each: where, and to what. A change with the highest bit of its place also makes
/// the checksums right again.</summary>
/// <param name="read">What is judged; the program's own reader unless a test breaks it.</param>
internal sealed class UsageTarget(UsageTarget.Reader? read = null) : Target
{
    public static readonly DateOnly Day = new(2026, 11, 27);

    private readonly Reader _read = read ?? (static (file, rows) => UsageLayout.FlawOf(file, Day) is null ? UsageLayout.Read(file, Day, rows) : -1);

    /// <summary>How many rows are damaged; −1 if the file is none.</summary>
    public delegate int Reader(ReadOnlySpan<byte> file, Dictionary<UsageOwner, UsageFigures> rows);

    public override string Name => "usage";

    public override int Longest => 2 + (12 * 3);

    public override int Head => 2;

    public override int Record => 3;

    public override long Short => 20_000;

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        [0, 0], [1, 0], [3, 0], [3, 1], [3, 120], [2, 255], [1, 0, 0, 8, 2], [1, 0, 128, 8, 2], [1, 0, 128, 16, 0], [2, 0, 128, 20, 1], [1, 0, 128, 143, 255],
        [3, 0, 0, 80, 1], [3, 0, 128, 80, 1], [3, 0, 128, 68, 0], [2, 0, 128, 188, 7], [1, 0, 0, 60, 9],
    ];

    public override string? Run(ReadOnlySpan<byte> settings, Signal signal)
    {
        byte[] file = BytesOf(settings);
        Dictionary<UsageOwner, UsageFigures> rows = [];
        int damaged = _read(file, rows);
        Dictionary<string, long[]>? expected = Expected(file, out int lost);
        signal.Show("rows", rows.Count, damaged, file.Length < 64 ? 0 : 1);
        if (expected is null != damaged < 0 || (expected is not null && damaged != lost))
        {
            return $"{damaged} rows are damaged, and should be {(expected is null ? -1 : lost)}";
        }

        bool isAlike = (expected?.Count ?? 0) == rows.Count
            && rows.All(row => expected!.TryGetValue($"{row.Key.Server} {row.Key.Peer}", out long[]? figures) && figures.SequenceEqual(Figures(row.Value)));
        return isAlike ? null : $"{rows.Count} rows are read, and {expected?.Count} other ones should be";
    }

    public override string Describe(byte[] input) => Convert.ToHexString(BytesOf(input));

    private static long[] Figures(UsageFigures row) =>
        [row.Handshakes, row.UplinkDatagrams, row.DownlinkDatagrams, row.UplinkBytes, row.DownlinkBytes, row.LastSeen];

    private static Dictionary<string, long[]>? Expected(byte[] file, out int lost)
    {
        lost = 0;
        if (file.Length < 64 || !file.AsSpan(0, 20).SequenceEqual((byte[])[.. "wgusage\0"u8, 1, 0, 0, 0, 120, 0, 0, 0, .. BitConverter.GetBytes(NumberOfDay)])
            || BitConverter.ToUInt32(file, 56) != Sum([0, 0, 0, 0, .. file[..56]]))
        {
            return null;
        }

        Dictionary<string, long[]> rows = new(StringComparer.Ordinal);
        int listed = Math.Clamp(BitConverter.ToInt32(file, 20), 0, 16_384);
        for (int i = 0; i < listed; i++)
        {
            byte[] row = [.. file.Skip(64 + (120 * i)).Take(120)];
            bool isWhole = row.Length == 120 && BitConverter.ToUInt32(row, 0) == SumOf(row);
            long[] figures = isWhole ? [.. Enumerable.Range(0, 6).Select(number => BitConverter.ToInt64(row, 72 + (8 * number)))] : [];
            string? server = isWhole ? Key(row[8..40]) : null;
            string? peer = isWhole ? Key(row[40..72]) : null;
            if (server is null || BitConverter.ToUInt32(row, 4) != (peer is null ? 0 : 1) || figures.Any(figure => figure is < 0 or > long.MaxValue / 2))
            {
                lost++;
                continue;
            }

            rows[$"{server} {peer}"] = figures;
        }

        return rows;
    }

    private static int NumberOfDay => (Day.ToDateTime(TimeOnly.MinValue) - DateTime.UnixEpoch).Days;

    private static string? Key(byte[] bytes) => bytes.All(each => each == 0) ? null : Convert.ToBase64String(bytes);

    private static uint SumOf(byte[] row) => Sum([.. BitConverter.GetBytes(((uint)NumberOfDay << 1) ^ BitConverter.ToUInt32(row, 4)), .. row[8..]]);

    private static uint Sum(ReadOnlySpan<byte> covered)
    {
        uint sum = uint.MaxValue;
        foreach (byte each in covered)
        {
            sum ^= each;
            for (int bit = 0; bit < 8; bit++)
            {
                sum = (sum >> 1) ^ ((sum & 1) * 0x82F6_3B78);
            }
        }

        return ~sum;
    }

    private static byte[] BytesOf(ReadOnlySpan<byte> settings)
    {
        int count = settings.IsEmpty ? 0 : settings[0] % 4;
        byte[] file = UsageLayout.Write(Day, [.. Enumerable.Range(1, count).Select(number => new KeyValuePair<UsageOwner, UsageFigures>(
            new UsageOwner(Key(9), number % 2 == 0 ? Key(number) : null), new UsageFigures(number, 2, 3, 4, 5, 6)))]);
        for (int at = 2; at + 3 <= settings.Length; at += 3)
        {
            int place = (((settings[at] & 127) << 8) | settings[at + 1]) % file.Length;
            file[place] = settings[at + 2];
            if (settings[at] >= 128 && place < 64)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(56), Sum([0, 0, 0, 0, .. file[..56]]));
            }
            else if (settings[at] >= 128)
            {
                Span<byte> row = file.AsSpan(64 + ((place - 64) / 120 * 120), 120);
                BinaryPrimitives.WriteUInt32LittleEndian(row, SumOf(row.ToArray()));
            }
        }

        return file[..^Math.Min(file.Length, settings.Length > 1 ? settings[1] : 0)];
    }

    private static PublicKey Key(int number) => PublicKey.Of([.. BitConverter.GetBytes(number), .. new byte[28]])!;
}
