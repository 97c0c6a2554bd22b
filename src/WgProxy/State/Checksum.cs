using System.Buffers.Binary;
using System.Numerics;

namespace WgProxy.State;

/// <summary>CRC-32C of what a file holds. It finds accidents: a person who may write the file may as well write a checksum.</summary>
internal static class Checksum
{
    /// <summary>The checksum of a number and some bytes.</summary>
    /// <param name="number">What is summed first: a cell that stands where another was written is damaged.</param>
    /// <param name="bytes">A multiple of eight bytes.</param>
    public static uint Of(uint number, ReadOnlySpan<byte> bytes)
    {
        uint sum = BitOperations.Crc32C(uint.MaxValue, number);
        for (int at = 0; at < bytes.Length; at += sizeof(ulong))
        {
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]));
        }

        return ~sum;
    }
}
