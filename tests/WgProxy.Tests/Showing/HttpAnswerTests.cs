using System.Net;
using System.Text;
using WgProxy.Showing;

namespace WgProxy.Tests.Showing;

/// <summary>What the commands make of an answer, whoever sends it and in whatever pieces it comes.</summary>
public sealed class HttpAnswerTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\n";

    [Theory]
    [InlineData(Ok + "Content-Length: 5\r\n\r\nhello", 200, "hello")]
    [InlineData("HTTP/1.1 503 \r\ncontent-length:0\r\n\r\n", 503, "")]
    [InlineData("HTTP/1.1 404\r\nContent-Length: \t 2 \r\n\r\nno and more", 404, "no")]
    [InlineData(Ok + "Content-Length: 7\r\n\r\n\u00fcber\r\n", 200, "\u00fcber\r\n")]
    [InlineData(Ok + "Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 200, "hello")]
    [InlineData(Ok + "Transfer-Encoding: chunked\r\n\r\n1 ; a=b\r\nh\r\n0000000B;c\r\nello\r\nworld\r\n0\r\nTrailer: x\r\n\r\n", 200, "hello\r\nworld")]
    public async Task An_answer_is_read_whatever_pieces_it_comes_in(string bytes, int code, string text)
    {
        foreach (int piece in (int[])[1, 2, 7, 1_000])
        {
            Assert.Equal(new HttpAnswer((HttpStatusCode)code, text), await ReadAsync(Encoding.UTF8.GetBytes(bytes), piece));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Len")]
    [InlineData(Ok + "Content-Length: 6\r\n\r\nhello")]
    [InlineData(Ok + "\r\nhello")]
    [InlineData(Ok + "Content-Length: -1\r\n\r\n")]
    [InlineData(Ok + "Content-Length: 5, 5\r\n\r\nhello")]
    [InlineData(Ok + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData(Ok + "Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData(Ok + "Content-Length: 99999999999999999999\r\n\r\nhello")]
    [InlineData(Ok + "Content-Length: 67108865\r\n\r\nhello")]
    [InlineData(Ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData(Ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")]
    [InlineData(Ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData(Ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")]
    [InlineData(Ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n")]
    [InlineData(Ok + "Transfer-Encoding: chunked\r\n\r\n-1\r\nhello\r\n0\r\n\r\n")]
    [InlineData(Ok + "Transfer-Encoding: chunked\r\n\r\n\r\n0\r\n\r\n")]
    [InlineData(Ok + "Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\nhello\r\n0\r\n\r\n")]
    [InlineData(Ok + "Transfer-Encoding: chunked\r\n\r\nffffffff\r\nhello\r\n0\r\n\r\n")]
    [InlineData(Ok + "Transfer-Encoding: chunked\r\n\r\n3ffffff\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\nContent-Length: 5\n\nhello")]
    [InlineData(Ok + "no header\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData(Ok + ": no name\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 +20 OK\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.9\r\n\r\n\r\n")]
    [InlineData("\r\n\r\n")]
    public async Task What_is_no_answer_is_refused_in_words(string bytes)
    {
        foreach (int piece in (int[])[1, 1_000])
        {
            _ = await Assert.ThrowsAsync<HttpAnswerException>(() => ReadAsync(Encoding.UTF8.GetBytes(bytes), piece));
        }
    }

    [Fact]
    public async Task A_stream_without_an_end_is_read_to_the_limits_and_no_further()
    {
        Endless line = new("HTTP/1.1 200 OK\r\nA: ", "x"), headers = new(Ok, "A: b\r\n"), trailers = new(Ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n", "A: b\r\n");
        Endless parts = new(Ok + "Transfer-Encoding: chunked\r\n\r\n", $"10000\r\n{new string('x', 65_536)}\r\n");
        foreach (Endless stream in (Endless[])[line, headers, trailers, parts])
        {
            _ = await Assert.ThrowsAsync<HttpAnswerException>(() => HttpAnswer.ReadAsync(stream, TestContext.Current.CancellationToken));
        }

        Assert.All((Endless[])[line, headers, trailers], stream => Assert.InRange(stream.Sent, 0, 4 * HttpAnswer.MostLineBytes));
        Assert.InRange(parts.Sent, HttpAnswer.MostBodyBytes, HttpAnswer.MostBodyBytes + (1L << 20));
    }

    [Fact]
    public async Task Whatever_the_bytes_they_are_an_answer_or_refused()
    {
        Random random = new(13);
        byte[] good = Encoding.UTF8.GetBytes(Ok + "Transfer-Encoding: chunked\r\nB: c\r\n\r\n5\r\nhello\r\n6;x\r\n world\r\n0\r\nT: u\r\n\r\n");
        int answers = 0, refused = 0;
        for (int round = 0; round < 20_000; round++)
        {
            byte[] bytes = [.. good];
            for (int change = random.Next(3); change >= 0; change--)
            {
                bytes[random.Next(bytes.Length)] = (byte)(random.Next(2) == 0 ? random.Next(256) : good[random.Next(good.Length)]);
            }

            try
            {
                _ = await ReadAsync(bytes[..(round % 4 == 0 ? random.Next(bytes.Length) : bytes.Length)], 1 + random.Next(64));
                answers++;
            }
            catch (HttpAnswerException)
            {
                refused++;
            }
        }

        Assert.All((int[])[answers, refused], count => Assert.InRange(count, 100, 19_900));
    }

    private static Task<HttpAnswer> ReadAsync(byte[] bytes, int piece) => HttpAnswer.ReadAsync(new Pieces(bytes, piece), TestContext.Current.CancellationToken);

    /// <summary>Bytes that come a few at a time.</summary>
    private sealed class Pieces(byte[] bytes, int piece) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, piece)], cancellationToken);
    }

    /// <summary>A beginning, and then the same again and again.</summary>
    private sealed class Endless(string start, string again) : MemoryStream
    {
        private readonly byte[] _again = Encoding.ASCII.GetBytes(again);
        private readonly byte[] _start = Encoding.ASCII.GetBytes(start);

        public long Sent { get; private set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            for (int i = 0; i < buffer.Length; i++, Sent++)
            {
                buffer.Span[i] = Sent < _start.Length ? _start[Sent] : _again[(Sent - _start.Length) % _again.Length];
            }

            return ValueTask.FromResult(buffer.Length);
        }
    }
}
