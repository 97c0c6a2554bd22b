using System.Globalization;
using System.Net;
using System.Text;

namespace WgProxy.Showing;

/// <summary>Bytes are no answer by HTTP/1.1 as a relay writes one; in words for the operator.</summary>
internal sealed class HttpAnswerException(string message) : Exception(message);

/// <summary>An answer by HTTP/1.1.</summary>
/// <param name="Code">Its code.</param>
/// <param name="Text">Its body.</param>
internal readonly record struct HttpAnswer(HttpStatusCode Code, string Text)
{
    /// <summary>The longest line, and with it the longest header.</summary>
    public const int MostLineBytes = 8 * 1024;

    /// <summary>The most headers of an answer, and as many trailers.</summary>
    public const int MostHeaders = 64;

    /// <summary>The longest body. A page of figures of 1,000 servers has 5 MB.</summary>
    public const int MostBodyBytes = 64 * 1024 * 1024;

    // RFC 9112, 7.1: the size of a part in hexadecimal digits. Eight cannot exceed a long.
    private const int MostSizeDigits = 8;

    /// <summary>Reads one answer to a request that is no HEAD.</summary>
    /// <param name="stream">Where it comes from: maybe not from a relay, so nothing is believed beyond the limits above.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <exception cref="HttpAnswerException">It is none, or too long, or ends too early.</exception>
    public static async Task<HttpAnswer> ReadAsync(Stream stream, CancellationToken stop)
    {
        Lines lines = new(stream, stop);
        int code = CodeOf(await lines.NextAsync());
        long? length = null;
        bool isInParts = false;
        foreach ((string name, string value) in await HeadersAsync(lines))
        {
            if (name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            {
                bool isLength = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long given) && length is null;
                length = isLength ? given : throw new HttpAnswerException("its length is given twice, or is no number");
            }
            else if (name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
            {
                isInParts = value.Equals("chunked", StringComparison.OrdinalIgnoreCase) && !isInParts
                    ? true
                    : throw new HttpAnswerException("it is encoded by more than parts");
            }
        }

        MemoryStream body = new();
        if (isInParts == length is not null)
        {
            throw new HttpAnswerException("it does not say how long it is, or says it in two ways");
        }

        if (isInParts)
        {
            await CopyPartsAsync(lines, body);
        }
        else
        {
            await CopyAsync(lines, length ?? 0, body);
        }

        return new HttpAnswer((HttpStatusCode)code, Encoding.UTF8.GetString(body.GetBuffer(), 0, (int)body.Length));
    }

    // RFC 9112, 4: HTTP/1.1 SP three digits SP maybe words. Codes below 200 are no answer yet, and the program asks for none.
    private static int CodeOf(string line) =>
        line.Length >= 12 && line.StartsWith("HTTP/1.", StringComparison.Ordinal) && line[8] == ' ' && (line.Length == 12 || line[12] == ' ')
        && int.TryParse(line.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out int code) && code is >= 200 and <= 599
            ? code
            : throw new HttpAnswerException("its first line is none of HTTP/1.1");

    private static async Task<List<(string Name, string Value)>> HeadersAsync(Lines lines)
    {
        List<(string, string)> headers = [];
        while (await lines.NextAsync() is { Length: > 0 } line)
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || headers.Count == MostHeaders)
            {
                throw new HttpAnswerException("its headers are too many, or none of HTTP/1.1");
            }

            headers.Add((line[..colon], line[(colon + 1)..].Trim(' ', '\t')));
        }

        return headers;
    }

    private static async Task CopyPartsAsync(Lines lines, MemoryStream body)
    {
        while (true)
        {
            string size = (await lines.NextAsync()).Split(';')[0].TrimEnd(' ', '\t');
            if (size.Length > MostSizeDigits || !long.TryParse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long length))
            {
                throw new HttpAnswerException("the size of a part is no number");
            }

            if (length == 0)
            {
                _ = await HeadersAsync(lines);
                return;
            }

            await CopyAsync(lines, length, body);
            if ((await lines.NextAsync()).Length > 0)
            {
                throw new HttpAnswerException("a part is longer than its size");
            }
        }
    }

    private static Task CopyAsync(Lines lines, long length, MemoryStream body) => length + body.Length <= MostBodyBytes
        ? lines.CopyAsync((int)length, body)
        : throw new HttpAnswerException($"it is longer than {MostBodyBytes} bytes");

    // Lines and bytes of a stream, in turn.
    private sealed class Lines(Stream stream, CancellationToken stop)
    {
        private readonly byte[] _buffer = new byte[MostLineBytes];
        private int _at;
        private int _end;

        public async Task<string> NextAsync()
        {
            int looked = _at;
            while (true)
            {
                int found = Array.IndexOf(_buffer, (byte)'\n', looked, _end - looked);
                if (found >= 0)
                {
                    // RFC 9112, 2.2: a line ends with both. What ends otherwise could be two things to two readers.
                    string line = found > _at && _buffer[found - 1] == '\r'
                        ? Encoding.Latin1.GetString(_buffer, _at, found - 1 - _at)
                        : throw new HttpAnswerException("a line does not end as one of HTTP does");
                    _at = found + 1;
                    return line;
                }

                looked = _end - _at;
                _buffer.AsSpan(_at, looked).CopyTo(_buffer);
                (_at, _end) = (0, looked);
                if (_end == _buffer.Length)
                {
                    throw new HttpAnswerException($"a line is longer than {MostLineBytes} bytes");
                }

                await FillAsync();
            }
        }

        public async Task CopyAsync(int length, MemoryStream to)
        {
            while (length > 0)
            {
                if (_at == _end)
                {
                    (_at, _end) = (0, 0);
                    await FillAsync();
                }

                int part = Math.Min(length, _end - _at);
                to.Write(_buffer, _at, part);
                _at += part;
                length -= part;
            }
        }

        private async Task FillAsync()
        {
            int read = await stream.ReadAsync(_buffer.AsMemory(_end), stop);
            _end += read > 0 ? read : throw new HttpAnswerException("it ended too early");
        }
    }
}
