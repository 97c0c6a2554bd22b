using WgProxy.Core.Engine.Batching;
using WgProxy.Core.Protocol;
using WgProxy.Fuzz.Fuzzing;

namespace WgProxy.Fuzz.Targets;

/// <summary>What a datagram is, told by its bytes alone: against the table of the WireGuard paper, written down once more.
/// </summary>
/// <param name="classify">What is judged; the relay's classifier unless a test breaks it.</param>
internal sealed class ClassifierTarget(ClassifierTarget.Classifier? classify = null) : Target
{
    private readonly Classifier _classify = classify ?? Datagram.Classify;

    public delegate DatagramKind Classifier(ReadOnlySpan<byte> datagram);

    public override string Name => "classifier";

    public override int Longest => 320;

    public override IReadOnlyList<byte[]> Words { get; } = [[1, 0, 0, 0], [2, 0, 0, 0], [3, 0, 0, 0], [4, 0, 0, 0]];

    public override IReadOnlyList<byte[]> Seeds { get; } =
        [Message(1, 148), Message(2, 92), Message(3, 64), Message(4, 32), Message(4, 148)];

    public override string? Run(ReadOnlySpan<byte> input, Signal signal)
    {
        DatagramKind kind = _classify(input);
        DatagramKind expected = Plain(input);
        signal.Show("kind", (long)kind);
        signal.Show("length", (long)kind, LengthNear(input.Length));
        signal.Show("type", (long)kind, input.IsEmpty ? -1 : Math.Min(input[0], (byte)8), Reserved(input));
        if (kind != expected)
        {
            return $"{input.Length} bytes are {kind}, should be {expected}";
        }

        ReadOnlySpan<byte> lead = input[..Math.Min(input.Length, WireGuard.LeadSize)];
        if (Datagram.IsTransport(lead, input.Length) != (expected == DatagramKind.Transport))
        {
            return "its beginning and the whole differ on whether it is data";
        }

        if (kind is DatagramKind.Initiation or DatagramKind.Response && Datagram.SenderIndex(input) != BitConverter.ToUInt32(input[4..8]))
        {
            return "another sender";
        }

        if (kind is not (DatagramKind.Response or DatagramKind.CookieReply or DatagramKind.Transport))
        {
            return null;
        }

        int offset = kind == DatagramKind.Response ? 8 : 4;
        return Datagram.ReceiverIndex(kind, lead) == BitConverter.ToUInt32(input[offset..(offset + 4)]) ? null : "another receiver";
    }

    private static DatagramKind Plain(ReadOnlySpan<byte> datagram) => datagram switch
    {
        [1, 0, 0, 0, ..] => datagram.Length == 148 ? DatagramKind.Initiation : DatagramKind.BadLength,
        [2, 0, 0, 0, ..] => datagram.Length == 92 ? DatagramKind.Response : DatagramKind.BadLength,
        [3, 0, 0, 0, ..] => datagram.Length == 64 ? DatagramKind.CookieReply : DatagramKind.BadLength,
        [4, 0, 0, 0, ..] => datagram.Length >= 32 ? DatagramKind.Transport : DatagramKind.BadLength,
        _ => DatagramKind.NotWireGuard,
    };

    /// <summary>Lengths about which there is something to say; others are alike.</summary>
    private static int LengthNear(int length) =>
        length <= 4 || ((int[])[32, 64, 92, 148]).Any(known => Math.Abs(length - known) <= 1) ? length : -1 - ((length - 33) >> 31) - (length > 148 ? 1 : 0);

    private static int Reserved(ReadOnlySpan<byte> datagram)
    {
        int mask = 0;
        for (int i = 1; i < Math.Min(4, datagram.Length); i++)
        {
            mask |= datagram[i] != 0 ? 1 << i : 0;
        }

        return mask;
    }

    private static byte[] Message(byte type, int length)
    {
        byte[] message = new byte[length];
        message[0] = type;
        return message;
    }
}
