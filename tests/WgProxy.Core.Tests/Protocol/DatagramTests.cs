using WgProxy.Core.Protocol;

namespace WgProxy.Core.Tests.Protocol;

public sealed class DatagramTests
{
    private static readonly int[] Lengths = [.. Enumerable.Range(0, 201), 1452, 1500, 9000, 65_507];

    [Fact]
    public void Knows_every_type_at_every_length()
    {
        byte[] bytes = new byte[65_507];
        for (int type = 0; type < 256; type++)
        {
            bytes[0] = (byte)type;
            foreach (int length in Lengths)
            {
                DatagramKind expected = (type, length) switch
                {
                    (_, < 4) => DatagramKind.NotWireGuard,
                    (1, 148) => DatagramKind.Initiation,
                    (2, 92) => DatagramKind.Response,
                    (3, 64) => DatagramKind.CookieReply,
                    (4, >= 32) => DatagramKind.Transport,
                    ( >= 1 and <= 4, _) => DatagramKind.BadLength,
                    _ => DatagramKind.NotWireGuard,
                };
                Assert.Equal(expected, Datagram.Classify(bytes.AsSpan(0, length)));
                Assert.Equal(
                    expected == DatagramKind.Transport,
                    Datagram.IsTransport(bytes.AsSpan(0, Math.Min(16, length)), length));
            }
        }
    }

    [Theory]
    [InlineData(1, 148)]
    [InlineData(2, 92)]
    [InlineData(3, 64)]
    [InlineData(4, 32)]
    [InlineData(4, 1452)]
    public void Rejects_reserved_bytes_that_are_not_zero(byte type, int length)
    {
        for (int bit = 8; bit < 32; bit++)
        {
            byte[] datagram = new byte[length];
            datagram[0] = type;
            datagram[bit / 8] = (byte)(1 << (bit % 8));
            Assert.Equal(DatagramKind.NotWireGuard, Datagram.Classify(datagram));
            Assert.False(Datagram.IsTransport(datagram, length));
        }
    }

    [Fact]
    public void Reads_the_indices_of_a_real_handshake()
    {
        byte[] initiation = CapturedHandshake.Initiation;
        byte[] response = CapturedHandshake.Response;
        Assert.Equal(DatagramKind.Initiation, Datagram.Classify(initiation));
        Assert.Equal(DatagramKind.Response, Datagram.Classify(response));
        Assert.Equal(0xAA0E6B97, Datagram.SenderIndex(initiation));
        Assert.Equal(0x9634232A, Datagram.SenderIndex(response));
        Assert.Equal(0xAA0E6B97, Datagram.ReceiverIndex(DatagramKind.Response, response));
    }

    [Fact]
    public void Reads_the_receiver_of_cookie_replies_and_data_from_their_beginning()
    {
        byte[] lead = [4, 0, 0, 0, 0x78, 0x56, 0x34, 0x12, 9, 9, 9, 9, 9, 9, 9, 9];
        Assert.Equal(0x12345678u, Datagram.ReceiverIndex(DatagramKind.Transport, lead));
        Assert.Equal(0x12345678u, Datagram.ReceiverIndex(DatagramKind.CookieReply, lead));
    }

    [Theory]
    [InlineData(DatagramKind.NotWireGuard)]
    [InlineData(DatagramKind.BadLength)]
    [InlineData(DatagramKind.Initiation)]
    public void Names_no_receiver_where_there_is_none(Enum kind) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Datagram.ReceiverIndex((DatagramKind)kind, new byte[148]));
}
