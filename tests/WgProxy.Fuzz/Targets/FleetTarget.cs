using WgProxy.Core.Journal;
using WgProxy.Core.Protocol;
using WgProxy.Fleet;
using WgProxy.Fuzz.Fuzzing;

namespace WgProxy.Fuzz.Targets;

/// <summary>What a fleet's store hands over: bytes that open exactly if they are as some holder of the key sealed them, and a packed record that is read exactly if it is written
/// so. An input is a byte that says which of the two it is, one that changes the length, and then changes of three bytes each: where, and to what.</summary>
internal sealed class FleetTarget : Target
{
    private static readonly FleetKey Key = new([.. Enumerable.Range(1, 32).Select(value => (byte)value)]);

    public override string Name => "fleet";

    public override int Longest => 2 + (16 * 3);

    public override int Head => 2;

    public override int Record => 3;

    public override long Short => 10_000;

    public override IReadOnlyList<byte[]> Seeds { get; } = [[0, 0], [1, 0], [2, 0], [0, 1], [1, 1], [2, 9], [0, 0, 0, 0, 2], [1, 0, 0, 40, 7], [2, 0, 0, 33, 0], [2, 0, 0, 8, 0xFF], [1, 0, 0, 3, 0]];

    public override string? Run(ReadOnlySpan<byte> input, Signal signal)
    {
        byte kind = input.IsEmpty ? (byte)0 : (byte)(input[0] % 3);
        byte[] original = kind == 0 ? Sealed() : Packed();
        byte[] bytes = [.. original];
        if (input.Length > 1 && input[1] != 0)
        {
            Array.Resize(ref bytes, Math.Max(bytes.Length - 16 + (input[1] % 32), 0));
        }

        for (int at = 2; at + 3 <= input.Length && bytes.Length > 0; at += 3)
        {
            bytes[((input[at] << 8) | input[at + 1]) % bytes.Length] = input[at + 2];
        }

        return kind switch
        {
            0 => RunSealed(bytes, original, signal),
            1 => RunPacked(bytes, signal),
            _ => RunInner(bytes, signal),
        };
    }

    private static string? RunSealed(byte[] bytes, byte[] original, Signal signal)
    {
        SealVerdict verdict = SealedRecord.Open(Key, bytes, out FleetRecord? record);
        signal.Show("sealed", (int)verdict, bytes.Length - original.Length);
        bool isSame = bytes.AsSpan().SequenceEqual(original);
        return isSame != (verdict == SealVerdict.Opened) || isSame != (record is not null) ? $"{verdict}, and the same bytes: {isSame}" : null;
    }

    private static string? RunPacked(byte[] bytes, Signal signal)
    {
        bool isRead = PackedRecord.TryRead(bytes, out MappingRecord record);
        signal.Show("packed", isRead ? 1 : 0, bytes.Length / 8);
        if (!isRead)
        {
            return null;
        }

        byte[] again = new byte[PackedRecord.Longest];
        return again.AsSpan(0, PackedRecord.Write(record, again)).SequenceEqual(bytes) ? null : "written otherwise than it was read";
    }

    // Whatever a relay of the fleet seals, also one that has gone wrong, is judged without an exception.
    private static string? RunInner(byte[] bytes, Signal signal)
    {
        byte[] whole = new byte[1 + XChaCha20Poly1305.NonceSize + bytes.Length + XChaCha20Poly1305.TagSize];
        whole[0] = SealedRecord.Version;
        XChaCha20Poly1305.Seal(Key.Seal, whole.AsSpan(1, XChaCha20Poly1305.NonceSize), whole.AsSpan(0, 1), bytes, whole.AsSpan(1 + XChaCha20Poly1305.NonceSize));
        SealVerdict verdict = SealedRecord.Open(Key, whole, out _);
        signal.Show("inner", (int)verdict, bytes.Length > 8 ? bytes[8] : -1);
        return verdict == SealVerdict.OtherVersion ? "another version" : null;
    }

    private static byte[] Sealed()
    {
        byte[] bytes = new byte[SealedRecord.Longest];
        return bytes[..SealedRecord.Write(Key, new byte[XChaCha20Poly1305.NonceSize], "relay"u8, 1_000, Any(), bytes)];
    }

    private static byte[] Packed()
    {
        byte[] bytes = new byte[PackedRecord.Longest];
        return bytes[..PackedRecord.Write(Any(), bytes)];
    }

    private static MappingRecord Any()
    {
        MappingRecord record = new() { Proof = Proof.Confirmed, UpstreamPort = 20_000, ExpiresIn = 300_000 };
        record.Tunnel.Pairs[0] = new RecordedIndices { ServerIndex = 5, ClientIndex = 6, Remaining = 180_000, Marks = IndexMarks.IsPresent | IndexMarks.LeadsHere };
        return record;
    }
}
