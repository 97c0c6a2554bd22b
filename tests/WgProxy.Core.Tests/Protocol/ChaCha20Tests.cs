using System.Buffers.Binary;
using System.Globalization;
using WgProxy.Core.Protocol;
using WgProxy.Core.Tests.Vectors;

namespace WgProxy.Core.Tests.Protocol;

public sealed class ChaCha20Tests
{
    [Fact]
    public void Gives_the_blocks_of_RFC_8439()
    {
        IReadOnlyList<string[]> rows = VectorFile.Read("chacha20.txt");
        Assert.Equal(11, rows.Count);
        Assert.All(rows, row =>
        {
            uint counter = uint.Parse(row[2], CultureInfo.InvariantCulture);
            byte[] block = new byte[64];
            ChaCha20.Block(Convert.FromHexString(row[1]), counter, Convert.FromHexString(row[3]), block);
            Assert.Equal(row[4], Convert.ToHexStringLower(block)[..row[4].Length]);
        });
    }

    [Fact]
    public void Gives_the_subkey_of_the_draft_section_2_2_1()
    {
        byte[] subkey = new byte[32];
        ChaCha20.Subkey(VectorFile.Counting(32), Convert.FromHexString("000000090000004a0000000031415927"), subkey);
        Assert.Equal(
            "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc", Convert.ToHexStringLower(subkey));
    }

    // HChaCha20 is a block less the words it began with. The system's cipher shows its blocks when it encrypts zeros.
    [Fact]
    public void Derives_subkeys_as_the_systems_cipher_would()
    {
        SystemCipher.Require();
        uint[] constants = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574];
        Random random = new(20);
        for (int i = 0; i < 2_000; i++)
        {
            byte[] key = Blake2sTests.Bytes(random, 32);
            byte[] nonce = Blake2sTests.Bytes(random, 16);
            int counter = random.Next(1, 9);
            BinaryPrimitives.WriteInt32LittleEndian(nonce, counter);
            byte[] stream = SystemCipher.Seal(key, nonce[4..], [], new byte[64 * counter]);
            byte[] expected = new byte[32];
            for (int n = 0; n < 4; n++)
            {
                Subtract(stream.AsSpan(64 * (counter - 1) + (4 * n)), constants[n], expected.AsSpan(4 * n));
                uint began = BinaryPrimitives.ReadUInt32LittleEndian(nonce.AsSpan(4 * n));
                Subtract(stream.AsSpan(64 * (counter - 1) + 48 + (4 * n)), began, expected.AsSpan(16 + (4 * n)));
            }

            byte[] subkey = new byte[32];
            ChaCha20.Subkey(key, nonce, subkey);
            Assert.Equal(expected, subkey);
        }
    }

    private static void Subtract(ReadOnlySpan<byte> word, uint value, Span<byte> result) =>
        BinaryPrimitives.WriteUInt32LittleEndian(result, BinaryPrimitives.ReadUInt32LittleEndian(word) - value);
}
