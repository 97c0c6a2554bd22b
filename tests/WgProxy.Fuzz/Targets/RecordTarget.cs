using WgProxy.Core.Engine.Batching;
using WgProxy.Core.Journal;
using WgProxy.Fuzz.Fuzzing;

namespace WgProxy.Fuzz.Targets;

/// <summary>The bytes of a record, as a file or a store hands them over: taken are exactly those that the layout allows, written down
/// here once more by offset, and what was taken is written again as it was. An input is two bytes of settings, which are the record to begin
/// with and another length, and then changes of three bytes each: where, and to what.</summary>
/// <param name="read">What is judged; the journal's reader unless a test breaks it.</param>
internal sealed class RecordTarget(RecordTarget.Reader? read = null) : Target
{
    // Where fields stand that few values mean something in.
    private static readonly int[] Small = [4, 5, 6, 7, 8, 9, 11];

    private readonly Reader _read = read ?? MappingRecord.TryRead;

    public delegate bool Reader(ReadOnlySpan<byte> bytes, out MappingRecord record);

    public override string Name => "record";

    public override int Longest => 2 + (16 * 3);

    public override int Head => 2;

    public override int Record => 3;

    public override long Short => 30_000;

    public override IReadOnlyList<byte[]> Seeds { get; } = [[0, 0], [1, 0], [1, 1], [1, 0, 0, 4, 3], [0, 0, 0, 27, 1], [1, 0, 0, 64, 0xFE], [1, 0, 2, 44, 7], [1, 0, 0, 0, 1, 0, 2, 0x38, 0, 3, 2], [1, 0, 0, 3, 0x5A]];

    public override string? Run(ReadOnlySpan<byte> settings, Signal signal)
    {
        byte[] input = BytesOf(settings);
        bool taken = _read(input, out MappingRecord record);
        string? flaw = FlawOf(input);
        signal.Show("flaw " + flaw, input.Length - MappingRecord.Size > 0 ? 1 : 0);
        foreach (int at in Small)
        {
            signal.Show("small", at, input.Length == MappingRecord.Size ? Math.Min(input[at], (byte)10) : -1, taken ? 1 : 0);
        }

        if (taken != (flaw is null))
        {
            return taken ? $"taken, though {flaw}" : "refused, though nothing is wrong with it";
        }

        byte[] written = new byte[MappingRecord.Size];
        record.Write(written);
        ReadOnlySpan<byte> head = input.Length > 0 && input[0] == 1 ? [2, 0, 0, 0] : input.AsSpan()[..Math.Min(input.Length, 4)];
        return !taken || (written.AsSpan(0, 4).SequenceEqual(head) && input.AsSpan(4).SequenceEqual(written.AsSpan(4))) ? null : "written otherwise than it was read";
    }

    public override string Describe(byte[] input) => Convert.ToHexString(BytesOf(input));

    private static byte[] BytesOf(ReadOnlySpan<byte> settings)
    {
        byte[] bytes = !settings.IsEmpty && (settings[0] & 1) != 0 ? Written() : Empty();
        Array.Resize(ref bytes, settings.Length > 1 && settings[1] != 0 ? bytes.Length - 16 + (settings[1] % 32) : bytes.Length);
        for (int at = 2; at + 3 <= settings.Length; at += 3)
        {
            bytes[((settings[at] << 8) | settings[at + 1]) % bytes.Length] = settings[at + 2];
        }

        return bytes;
    }

    private static string? FlawOf(ReadOnlySpan<byte> bytes) =>
        bytes.Length != 568 ? "the length is another"
        : bytes is not ([1, 0, 0x38, 2, ..] or [2, 0, ..]) ? "the version or size is another"
        : bytes[4] > 6 || bytes[5] > 6 ? "there is no such proof"
        : bytes[5] == 1 || (bytes[4] == 1 && bytes[5] == 0) ? "what lingers has no proof to return to"
        : bytes[6] > 3 ? "there is no such share"
        : bytes[7] > 8 || bytes[8] > 7 || bytes[9] > 7 ? "a ring has no such place"
        : bytes[11] > 1 ? "there is no such mark"
        : bytes[27] != 0 ? "what means nothing is not zero"
        : HasStrayScope(bytes[64..80], bytes[16..20]) || HasStrayScope(bytes[96..112], bytes[20..24]) ? "only a link-local address has a scope"
        : Enumerable.Range(0, 16).Select(place => 304 + (16 * place)) is var places && bytes.ToArray() is var all
            && places.Any(at => all.AsSpan(at + 13, 3).ContainsAnyExcept((byte)0) || all[at + 12] > 15) ? "there is no such mark of indices"
        : places.Any(at => (all[at + 12] & 1) == 0 && all.AsSpan(at, 16).ContainsAnyExcept((byte)0)) ? "an empty place is not empty"
        : null;

    private static bool HasStrayScope(ReadOnlySpan<byte> address, ReadOnlySpan<byte> scope) =>
        (address[0] != 0xFE || (address[1] & 0xC0) != 0x80) && scope.ContainsAnyExcept((byte)0);

    private static byte[] Empty()
    {
        byte[] bytes = new byte[MappingRecord.Size];
        default(MappingRecord).Write(bytes);
        return bytes;
    }

    private static byte[] Written()
    {
        byte[] bytes = Empty();
        (bytes[4], bytes[5], bytes[6], bytes[7], bytes[8], bytes[9], bytes[10], bytes[11]) = (6, 4, 2, 8, 7, 7, 0xFF, 1);
        bytes.AsSpan(32, 32).Fill(0xA1);
        byte[] local = [0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        local.CopyTo(bytes, 64);
        local.CopyTo(bytes, 96);
        (bytes[16], bytes[20]) = (3, 4);
        for (int at = 304; at < 560; at += 16)
        {
            (bytes[at], bytes[at + 12]) = (1, 7);
        }

        return bytes;
    }
}
