using System.Buffers.Binary;

namespace WgProxy.Fuzz.Fuzzing;

/// <summary>Makes an input into another one, by one to six small changes.</summary>
internal sealed class Mutator(Random random, Target target)
{
    private static readonly long[] Numbers = [0, 1, 2, 3, 4, 8, 12, 15, 16, 17, 18, 19, 20, 24, 31, 32, 64, 92, 127, 128, 147, 148, 255, 256, 65_535, int.MaxValue, -1, 1L << 32, (1L << 32) + 20];

    public byte[] Mutate(byte[] input, IReadOnlyList<byte[]> others)
    {
        List<byte> bytes = [.. input];
        for (int changes = 1 << random.Next(3); changes > 0; changes--)
        {
            Change(bytes, others);
        }

        return [.. bytes.Take(target.Longest)];
    }

    private void Change(List<byte> bytes, IReadOnlyList<byte[]> others)
    {
        switch (random.Next(12))
        {
            case 0 or 1 when bytes.Count > 0:
                bytes[Somewhere(bytes)] ^= (byte)(1 << random.Next(8));
                break;
            case 2 or 3 when bytes.Count > 0:
                bytes[Somewhere(bytes)] = (byte)random.Next(256);
                break;
            case 4 when bytes.Count > 0:
                int near = Somewhere(bytes);
                bytes[near] = (byte)(bytes[near] + random.Next(-3, 4));
                break;
            case 5:
                Number(bytes);
                break;
            case 6 when target.Words.Count > 0:
                Put(bytes, Place(bytes, target.Words[random.Next(target.Words.Count)].Length), target.Words[random.Next(target.Words.Count)]);
                break;
            case 7:
                byte[] block = new byte[random.Next(1, 5) * target.Record];
                random.NextBytes(block);
                bytes.InsertRange(Boundary(bytes), block);
                break;
            case 8:
                int from = Boundary(bytes);
                bytes.RemoveRange(from, Math.Min(bytes.Count - from, random.Next(1, 9) * target.Record));
                break;
            case 9:
                int copied = Boundary(bytes);
                bytes.InsertRange(Boundary(bytes), [.. bytes.Skip(copied).Take(random.Next(1, 9) * target.Record)]);
                break;
            case 10 when others.Count > 0:
                // The head of this and the tail of another, or a piece of the other put in.
                byte[] other = others[random.Next(others.Count)];
                List<byte> tail = [.. other.Skip(Boundary([.. other]))];
                int at = Boundary(bytes);
                if (random.Next(2) == 0)
                {
                    bytes.RemoveRange(at, bytes.Count - at);
                }

                bytes.InsertRange(at, tail);
                break;
            default:
                int length = (int)Math.Clamp(
                    random.Next(3) switch { 0 => bytes.Count + random.Next(-2, 3), 1 => random.Next(target.Longest + 1), _ => target.Head + Numbers[random.Next(Numbers.Length)] },
                    0,
                    target.Longest);
                bytes.RemoveRange(Math.Min(length, bytes.Count), Math.Max(0, bytes.Count - length));
                bytes.AddRange(new byte[length - bytes.Count]);
                break;
        }
    }

    // Settings decide most, however long the rest is.
    private int Somewhere(List<byte> bytes) => random.Next(target.Head > 0 && random.Next(2) == 0 ? Math.Min(target.Head, bytes.Count) : bytes.Count);

    private void Number(List<byte> bytes)
    {
        byte[] number = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(number, Numbers[random.Next(Numbers.Length)]);
        int width = 1 << random.Next(4);
        Put(bytes, Place(bytes, width), number[..width]);
    }

    // Often aligned, as fields are.
    private int Place(List<byte> bytes, int width) =>
        random.Next(bytes.Count + 1) & (random.Next(4) == 0 ? -1 : -Math.Min(8, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)width)));

    private static void Put(List<byte> bytes, int at, byte[] what)
    {
        bytes.RemoveRange(at, Math.Min(what.Length, bytes.Count - at));
        bytes.InsertRange(at, what);
    }

    private int Boundary(List<byte> bytes) =>
        Math.Min(bytes.Count, target.Head + (random.Next((Math.Max(0, bytes.Count - target.Head) / target.Record) + 1) * target.Record));
}
