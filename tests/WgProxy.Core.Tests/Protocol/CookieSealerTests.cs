using System.Buffers.Binary;
using WgProxy.Core.Protocol;

namespace WgProxy.Core.Tests.Protocol;

public sealed class CookieSealerTests
{
    private static readonly byte[] Cookie = [.. Enumerable.Range(1, 16).Select(i => (byte)i)];
    private static readonly byte[] Nonce = [.. Enumerable.Range(100, 24).Select(i => (byte)i)];

    private readonly CookieSealer _sealer = new(CapturedHandshake.Server);

    public static TheoryData<int> Lengths => [148, 92];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Writes_what_section_5_4_7_of_the_paper_says(int length)
    {
        LibCrypto.Require();
        byte[] message = Message(length);
        byte[] reply = Blake2sTests.Bytes(new Random(1), 64);
        _sealer.Write(message, Cookie, Nonce, reply);

        byte[] key = LibCrypto.Blake2s([.. "cookie--"u8, .. CapturedHandshake.Server.Bytes]);
        byte[] sealedCookie = new byte[32];
        XChaCha20Poly1305.Seal(key, Nonce, message.AsSpan(length - 32, 16), Cookie, sealedCookie);
        Assert.Equal<byte>([3, 0, 0, 0, .. message[4..8], .. Nonce, .. sealedCookie], reply);
        Assert.Equal(DatagramKind.CookieReply, Datagram.Classify(reply));
        Assert.Equal(Datagram.SenderIndex(message), Datagram.ReceiverIndex(DatagramKind.CookieReply, reply));
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Opens_what_it_wrote_and_nothing_for_another_key_or_message(int length)
    {
        byte[] message = Message(length);
        byte[] mac1 = message[^32..^16];
        byte[] reply = new byte[64];
        byte[] opened = new byte[16];
        _sealer.Write(message, Cookie, Nonce, reply);
        Assert.False(new CookieSealer(CapturedHandshake.Client).TryOpen(reply, mac1, opened));
        Assert.False(_sealer.TryOpen(reply, CapturedHandshake.Initiation.AsSpan(100, 16), opened));
        Assert.Equal(new byte[16], opened);
        Assert.True(_sealer.TryOpen(reply, mac1, opened));
        Assert.Equal(Cookie, opened);
    }

    [Fact]
    public void Opens_no_reply_with_a_bit_flipped_except_in_the_index_which_is_not_authenticated()
    {
        byte[] message = Message(148);
        byte[] reply = new byte[64];
        byte[] opened = new byte[16];
        _sealer.Write(message, Cookie, Nonce, reply);
        for (int bit = 0; bit < reply.Length * 8; bit++)
        {
            reply[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Equal(bit / 8 is >= 4 and < 8, _sealer.TryOpen(reply, message.AsSpan(116, 16), opened));
            reply[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Opens_no_datagram_of_another_length_and_no_noise()
    {
        Random random = new(64);
        byte[] mac1 = Blake2sTests.Bytes(random, 16);
        byte[] opened = new byte[16];
        for (int length = 0; length < 300; length++)
        {
            byte[] noise = Blake2sTests.Bytes(random, length);
            Assert.False(_sealer.TryOpen(noise, mac1, opened));
            if (length >= 4)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(noise, 3);
                Assert.False(_sealer.TryOpen(noise, mac1, opened));
            }
        }
    }

    [Fact]
    public void Refuses_what_a_caller_must_not_ask()
    {
        byte[] initiation = Message(148);
        byte[] reply = new byte[64];
        Assert.Throws<ArgumentException>(() => _sealer.Write(new byte[147], Cookie, Nonce, reply));
        Assert.Throws<ArgumentOutOfRangeException>(() => _sealer.Write(initiation, new byte[15], Nonce, reply));
        Assert.Throws<ArgumentOutOfRangeException>(() => _sealer.Write(initiation, Cookie, new byte[12], reply));
        Assert.Throws<ArgumentOutOfRangeException>(() => _sealer.Write(initiation, Cookie, Nonce, new byte[63]));
        Assert.Throws<ArgumentOutOfRangeException>(() => _sealer.TryOpen(reply, new byte[15], new byte[16]));
        Assert.Throws<ArgumentOutOfRangeException>(() => _sealer.TryOpen(reply, new byte[16], new byte[17]));
    }

    private static byte[] Message(int length) =>
        length == 148 ? CapturedHandshake.Initiation : CapturedHandshake.Response;
}
