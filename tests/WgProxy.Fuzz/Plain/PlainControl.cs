using System.Buffers.Binary;

namespace WgProxy.Fuzz.Plain;

/// <summary>What control messages say: all that the relay reads from them.</summary>
internal sealed record ControlReading(int Stride, byte Ecn, uint Overflowed, string Local, bool IsToGroup);

/// <summary>
/// Control messages as cmsg(3) and the kernel's headers tell it, on a 64-bit system: a length of 8 bytes that counts the
/// header, a level, a type, the data; the next message at the next multiple of eight. The flags make it wrong on purpose.
/// </summary>
internal static class PlainControl
{
    [Flags]
    public enum Mistakes
    {
        None,
        LengthsAreCutTo32Bits,
        LengthsBeyondTheEndAreTaken,
        NothingIsAligned,
        LevelsAreIgnored,
        ShortDataIsTaken,
        UnknownMessagesEndIt,
        TheFirstCounts,
    }

    public static ControlReading Read(ReadOnlySpan<byte> control, Mistakes mistake = Mistakes.None)
    {
        int stride = 0;
        byte ecn = 0;
        uint overflowed = 0;
        string local = "";
        bool isToGroup = false;
        bool isFirst = true;
        while (control.Length >= 16)
        {
            ulong length = BinaryPrimitives.ReadUInt64LittleEndian(control);
            length = mistake == Mistakes.LengthsAreCutTo32Bits ? (uint)length : length;
            if (length < 16 || (length > (ulong)control.Length && mistake != Mistakes.LengthsBeyondTheEndAreTaken))
            {
                break;
            }

            int level = BinaryPrimitives.ReadInt32LittleEndian(control[8..]);
            int type = BinaryPrimitives.ReadInt32LittleEndian(control[12..]);
            ReadOnlySpan<byte> data = control[16..(int)Math.Min(length, (ulong)control.Length)];
            level = mistake == Mistakes.LevelsAreIgnored ? LevelOf(type) : level;
            int least = mistake == Mistakes.ShortDataIsTaken ? 4 : int.MaxValue;
            bool isKnown = true;
            switch (level, type)
            {
                case (17, 104) when data.Length >= 4:
                    stride = BinaryPrimitives.ReadInt32LittleEndian(data);
                    break;
                case (0, 8) when data.Length >= Math.Min(12, least):
                    local = Convert.ToHexString(data.Slice(4, Math.Min(4, data.Length - 4)));
                    isToGroup = !string.Equals(
                        local, Convert.ToHexString(data[Math.Min(8, data.Length)..Math.Min(12, data.Length)]), StringComparison.Ordinal);
                    break;
                case (41, 50) when data.Length >= Math.Min(20, least):
                    local = Convert.ToHexString(data[..Math.Min(16, data.Length)]);
                    isToGroup = local.StartsWith("FF", StringComparison.Ordinal);
                    break;
                case (0, 1) when data.Length >= 1: // A byte, or an int of which the least byte comes first.
                case (41, 67) when data.Length >= 4:
                    ecn = (byte)(data[0] & 3);
                    break;
                case (1, 40) when data.Length >= 4:
                    overflowed = mistake == Mistakes.TheFirstCounts && overflowed != 0 ? overflowed : BinaryPrimitives.ReadUInt32LittleEndian(data);
                    break;
                default:
                    isKnown = false;
                    break;
            }

            if (!isKnown && mistake == Mistakes.UnknownMessagesEndIt && !isFirst)
            {
                break;
            }

            isFirst = false;
            ulong next = mistake == Mistakes.NothingIsAligned ? length : (length + 7) & ~7UL;
            control = next >= (ulong)control.Length ? [] : control[(int)next..];
        }

        return new ControlReading(stride, ecn, overflowed, local, isToGroup);
    }

    private static int LevelOf(int type) => type switch { 104 => 17, 8 or 1 => 0, 50 or 67 => 41, _ => 1 };
}
