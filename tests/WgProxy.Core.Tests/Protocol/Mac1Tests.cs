using WgProxy.Core.Protocol;

namespace WgProxy.Core.Tests.Protocol;

public sealed class Mac1Tests
{
    [Fact]
    public void Accepts_what_wireguard_go_sends_and_nothing_for_another_key()
    {
        Mac1 server = new(CapturedHandshake.Server);
        Mac1 client = new(CapturedHandshake.Client);
        Assert.True(server.Verify(CapturedHandshake.Initiation));
        Assert.True(client.Verify(CapturedHandshake.Response));
        Assert.False(client.Verify(CapturedHandshake.Initiation));
        Assert.False(server.Verify(CapturedHandshake.Response));
    }

    [Theory]
    [InlineData(148, 116)]
    [InlineData(92, 60)]
    public void Agrees_with_OpenSSL(int length, int offset)
    {
        LibCrypto.Require();
        Random random = new(length);
        for (int i = 0; i < 500; i++)
        {
            byte[] keyBytes = Blake2sTests.Bytes(random, 32);
            Mac1 mac1 = new(CapturedHandshake.Key(Convert.ToBase64String(keyBytes)));
            byte[] message = Blake2sTests.Bytes(random, length);
            byte[] before = [.. message];
            byte[] hashed = LibCrypto.Blake2s([.. "mac1----"u8, .. keyBytes]);
            byte[] expected = LibCrypto.Blake2sMac(hashed, message.AsSpan(0, offset), 16);

            Assert.False(mac1.Verify(message));
            mac1.Write(message);
            Assert.True(mac1.Verify(message));
            expected.CopyTo(before.AsSpan(offset));
            Assert.Equal(before, message);
        }
    }

    [Fact]
    public void Rejects_every_single_bit_flip_up_to_mac2()
    {
        Flip(CapturedHandshake.Initiation, new Mac1(CapturedHandshake.Server));
        Flip(CapturedHandshake.Response, new Mac1(CapturedHandshake.Client));

        static void Flip(byte[] message, Mac1 mac1)
        {
            for (int bit = 0; bit < message.Length * 8; bit++)
            {
                message[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.Equal(bit / 8 >= message.Length - 16, mac1.Verify(message));
                message[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }
    }

    [Fact]
    public void Rejects_every_other_length_and_writes_into_none()
    {
        Mac1 mac1 = new(CapturedHandshake.Server);
        byte[] longer = [.. CapturedHandshake.Initiation, .. new byte[100]];
        for (int length = 0; length <= longer.Length; length++)
        {
            Assert.Equal(length == 148, mac1.Verify(longer.AsSpan(0, length)));
            if (length is not (92 or 148))
            {
                Assert.Throws<ArgumentException>(() => mac1.Write(new byte[length]));
            }
        }
    }
}
