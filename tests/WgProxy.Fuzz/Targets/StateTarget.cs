using System.Buffers.Binary;
using WgProxy.Core.Journal;
using WgProxy.Fuzz.Fuzzing;
using WgProxy.State;

namespace WgProxy.Fuzz.Targets;

/// <summary>A cell of the file of records as a disk hands it over. It is a record exactly if it is marked and its checksum is right, which is
/// reckoned here once more, bit by bit; and free exactly if it is all zeros. An input is two bytes of settings, which are what to begin with and the
/// cell's number, and then changes of three bytes each: where, and to what.</summary>
/// <param name="read">What is judged; the file's own reader unless a test breaks it.</param>
internal sealed class StateTarget(StateTarget.Reader? read = null) : Target
{
    private const int Written = 5;

    private readonly Reader _read = read ?? (static (bytes, number) => StateLayout.Look(bytes, number, out _));

    public delegate CellContent Reader(ReadOnlySpan<byte> cell, int number);

    public override string Name => "state";

    public override int Longest => 2 + (16 * 3);

    public override int Head => 2;

    public override int Record => 3;

    public override long Short => 30_000;

    public override IReadOnlyList<byte[]> Seeds { get; } = [[0, Written], [1, Written], [1, 4], [2, Written], [1, Written, 0, 0, 2], [0, 0, 2, 0, 1]];

    public override string? Run(ReadOnlySpan<byte> settings, Signal signal)
    {
        byte[] cell = BytesOf(settings);
        int number = settings.Length > 1 ? settings[1] : 0;
        CellContent expected = Expected(cell, number);
        CellContent content = _read(cell, number);
        bool isRead = StateLayout.TryRead(cell, number, out MappingRecord record);
        signal.Show("content", (int)content, cell[0], isRead ? 1 : 0);
        if (content != expected)
        {
            return $"{content}, and should be {expected}";
        }

        byte[] again = new byte[MappingRecord.Size];
        record.Write(again);
        return isRead && (expected != CellContent.Record || record.IsEnded || !cell.AsSpan(16).SequenceEqual(again))
            ? "read, though it is no record of a mapping"
            : null;
    }

    public override string Describe(byte[] input) => Convert.ToHexString(BytesOf(input));

    private static CellContent Expected(ReadOnlySpan<byte> cell, int number)
    {
        Span<byte> covered = [.. BitConverter.GetBytes(number), .. cell[8..]];
        uint sum = uint.MaxValue;
        foreach (byte each in covered)
        {
            sum ^= each;
            for (int bit = 0; bit < 8; bit++)
            {
                sum = (sum >> 1) ^ ((sum & 1) * 0x82F6_3B78);
            }
        }

        return cell is [1, 0, 0, 0, ..] && BinaryPrimitives.ReadUInt32LittleEndian(cell[4..]) == ~sum ? CellContent.Record
            : cell.ContainsAnyExcept((byte)0) ? CellContent.Damaged
            : CellContent.Free;
    }

    // All zeros, the cell of a mapping, or that of an end.
    private static byte[] BytesOf(ReadOnlySpan<byte> settings)
    {
        byte[] cell = new byte[StateLayout.CellSize];
        if (!settings.IsEmpty && settings[0] % 3 != 0)
        {
            byte[] record = new byte[MappingRecord.Size];
            new MappingRecord { Proof = settings[0] % 3 == 1 ? Proof.Confirmed : Proof.None }.Write(record);
            StateLayout.WriteCell(cell, Written, 7, record);
        }

        for (int at = 2; at + 3 <= settings.Length; at += 3)
        {
            cell[((settings[at] << 8) | settings[at + 1]) % cell.Length] = settings[at + 2];
        }

        return cell;
    }
}
