using WgProxy.Core.Engine.Batching;
using WgProxy.Fuzz.Fuzzing;
using WgProxy.Fuzz.Plain;
using WgProxy.Linux.Net;

namespace WgProxy.Fuzz.Targets;

/// <summary>What the kernel writes beside a datagram, and anything else in its place: the parser reads no byte outside, and
/// says what a plain one says.</summary>
internal sealed class ControlTarget(ControlTarget.Parser? parse = null) : Target
{
    private readonly Parser _parse = parse ?? Real;
    private readonly GuardedMemory _memory = new();

    public delegate ControlReading Parser(nint control, int length);

    public override string Name => "control";

    public override int Longest => 160;

    public override int Record => 8;

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        Header(20, 17, 104), Header(28, 0, 8), Header(36, 41, 50), Header(17, 0, 1), Header(18, 0, 1), Header(20, 41, 67),
        Header(20, 1, 40), Header(16, 1, 40), Header(15, 0, 1), Header((1UL << 32) + 20, 1, 40), Header(ulong.MaxValue, 0, 1),
        [17, 0, 0, 0, 104, 0, 0, 0], [0, 0, 0, 0, 8, 0, 0, 0], [41, 0, 0, 0, 50, 0, 0, 0], [1, 0, 0, 0, 40, 0, 0, 0],
    ];

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        [.. Header(20, 17, 104), 0xAC, 5, 0, 0, 0, 0, 0, 0, .. Header(17, 0, 1), 2, 0, 0, 0, 0, 0, 0, 0],
        [.. Header(28, 0, 8), 2, 0, 0, 0, 10, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, .. Header(20, 1, 40), 7, 0, 0, 0, 0, 0, 0, 0],
        [.. Header(36, 41, 50), 0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, .. Header(20, 41, 67), 3, 0, 0, 0],
    ];

    public override string? Run(ReadOnlySpan<byte> input, Signal signal)
    {
        ControlReading expected = PlainControl.Read(input);
        Show(input, expected, signal);
        ControlReading atEnd = _parse(_memory.AtEnd(input), input.Length);
        ControlReading atStart = _parse(_memory.AtStart(input), input.Length);
        return atEnd == expected && atStart == expected ? null : $"read {atEnd} and {atStart}, should be {expected}";
    }

    /// <summary>The control messages of a relay that obeys the rules of the kernel.</summary>
    public static unsafe ControlReading Real(nint control, int length)
    {
        Received received = Received.From(control, length);
        return new ControlReading(received.Stride, received.Ecn, received.Overflowed, Convert.ToHexString(received.Local), received.IsToGroup);
    }

    private static void Show(ReadOnlySpan<byte> input, ControlReading reading, Signal signal)
    {
        signal.Show("says", reading.Stride != 0 ? 1 : 0, reading.Overflowed != 0 ? 1 : 0, (reading.Ecn * 64) + reading.Local.Length + (reading.IsToGroup ? 256 : 0));
        int messages = 0;
        while (input.Length >= 16)
        {
            ulong length = BitConverter.ToUInt64(input);
            int level = BitConverter.ToInt32(input[8..]);
            int type = BitConverter.ToInt32(input[12..]);
            int known = (level, type) switch { (17, 104) => 1, (0, 8) => 2, (41, 50) => 3, (0, 1) => 4, (41, 67) => 5, (1, 40) => 6, _ => 0 };
            signal.Show("length", known, length is < 21 or 28 or 36 ? (long)length : (long)Math.Min(length / 16, 3), length > (ulong)input.Length ? 1 : 0);
            signal.Show("left", known, (long)Math.Clamp((decimal)input.Length - length, -1, 9), Math.Min(messages, 2));
            if (length < 16 || length > (ulong)input.Length)
            {
                break;
            }

            messages++;
            int next = ((int)length + 7) & ~7;
            input = next >= input.Length ? [] : input[next..];
        }

        signal.Show("messages", messages, Math.Min(input.Length, 17));
    }

    private static byte[] Header(ulong length, int level, int type) =>
        [.. BitConverter.GetBytes(length), .. BitConverter.GetBytes(level), .. BitConverter.GetBytes(type)];
}
