using System.Net;
using WgProxy.Core.Engine.Batching;
using WgProxy.Core.Protocol;
using WgProxy.Fuzz.Fuzzing;
using WgProxy.Fuzz.Plain;

namespace WgProxy.Fuzz.Targets;

/// <summary>
/// mac1, mac2 and the hash below them: accepted is exactly what a plain BLAKE2s accepts. An input is six bytes of settings
/// — which macs are made right, the length, what is tampered with, key, source — and the body of a message; so a mac that
/// is right but for one bit is one step away.
/// </summary>
internal sealed class MacTarget(MacTarget.Code? code = null) : Target
{
    private readonly Code _code = code ?? new Code();

    public override string Name => "mac";

    public override int Longest => 6 + 160;

    public override int Head => 6;

    public override long Short => 30_000;

    public override IReadOnlyList<byte[]> Seeds { get; } = [[1, 0, 0, 0, 1, 1], [3, 0, 0, 0, 2, 2], [3, 1, 0, 0, 3, 3], [7, 0, 0, 0, 1, 1], [0, 2, 0, 0, 9, 9, 1, 2, 3]];

    public override string? Run(ReadOnlySpan<byte> input, Signal signal)
    {
        byte[] head = new byte[Head];
        input[..Math.Min(Head, input.Length)].CopyTo(head);
        byte[] body = input[Math.Min(Head, input.Length)..].ToArray();
        byte[] key = [.. Enumerable.Repeat((byte)(head[4] | 1), 32)];
        byte[] secret = [.. Enumerable.Repeat(head[5], 32)];
        byte[] message = new byte[head[1] switch { 0 => 148, 1 => 92, 2 => body.Length, _ => head[1] }];
        body.AsSpan(0, Math.Min(body.Length, message.Length)).CopyTo(message);
        int mac1 = message.Length switch { 148 => 116, 92 => 60, _ => -1 };
        Source source = SourceOf((byte)(head[5] & 3));
        byte[] macKey = PlainBlake2s.Hash([.. "mac1----"u8, .. key]);
        if (mac1 >= 0)
        {
            Fill(head, message, mac1, macKey, secret, source);
        }

        Assert.True(PublicKey.TryParse(Convert.ToBase64String(key), out PublicKey? parsed, out string? error), error);
        bool verified = _code.Mac1(parsed, message);
        byte[] expected1 = mac1 < 0 ? [] : PlainBlake2s.Mac(macKey, message[..mac1], 16);
        bool isRight = mac1 >= 0 && expected1.AsSpan().SequenceEqual(message.AsSpan(mac1, 16));
        signal.Show("mac1", mac1, verified ? 1 : 0, mac1 < 0 ? 0 : Common(expected1, message.AsSpan(mac1, 16)));
        if (verified != isRight)
        {
            return $"mac1 of {message.Length} bytes is {(isRight ? "right and was refused" : "wrong and was accepted")}";
        }

        return Mac2(head, message, mac1, secret, source, signal) ?? Hash(head, body, signal);
    }

    private string? Mac2(byte[] head, byte[] message, int mac1, byte[] secret, Source source, Signal signal)
    {
        bool verified = _code.Mac2(secret, Next(secret), message, source);
        bool isRight = false;
        int common = 0;
        foreach (byte[] each in mac1 < 0 ? [] : (byte[][])[secret, Next(secret)])
        {
            byte[] expected = PlainBlake2s.Mac(PlainCookie(each, source), message[..(mac1 + 16)], 16);
            isRight |= expected.AsSpan().SequenceEqual(message.AsSpan(mac1 + 16, 16));
            common = Math.Max(common, Common(expected, message.AsSpan(mac1 + 16, 16)));
        }

        signal.Show("mac2", mac1, verified ? 1 : 0, common);
        signal.Show("made", head[0] & 31, verified ? 1 : 0, mac1);
        return verified == isRight ? null : $"mac2 of {message.Length} bytes is {(isRight ? "right and was refused" : "wrong and was accepted")}";
    }

    /// <summary>One hash of the body, by every way there is.</summary>
    private string? Hash(byte[] head, byte[] body, Signal signal)
    {
        byte[] key = [.. Enumerable.Repeat(head[4], head[4] % 33)];
        byte[] digest = new byte[1 + (head[5] % 32)];
        byte[] expected = PlainBlake2s.Mac(key, body, digest.Length);
        signal.Show("hash", Math.Sign(key.Length), body.Length / 64, body.Length % 64 == 0 ? 1 : 0);
        signal.Show("digest", digest.Length);
        foreach (bool vectorised in Blake2s.Vectorised ? (bool[])[false, true] : [false])
        {
            _code.Hash(key, body, digest, vectorised);
            if (!digest.AsSpan().SequenceEqual(expected))
            {
                return $"a hash of {body.Length} bytes with a key of {key.Length} is wrong; vectors: {vectorised}";
            }

            if (key.Length > 0 && body.Length > 0)
            {
                new Blake2sKey(key, digest.Length).Mac(body, digest, vectorised);
                if (!digest.AsSpan().SequenceEqual(expected))
                {
                    return $"a hash of {body.Length} bytes with a kept key of {key.Length} is wrong; vectors: {vectorised}";
                }
            }
        }

        return null;
    }

    /// <summary>Makes the macs right that the settings say; then tampers.</summary>
    private static void Fill(byte[] head, byte[] message, int mac1, byte[] macKey, byte[] secret, Source source)
    {
        if ((head[0] & 1) != 0)
        {
            PlainBlake2s.Mac(macKey, message[..mac1], 16).CopyTo(message, mac1);
        }

        if ((head[0] & 2) != 0)
        {
            byte[] used = (head[0] & 4) != 0 ? Next(secret) : (head[0] & 8) != 0 ? Next(Next(secret)) : secret;
            Source shows = (head[0] & 16) != 0 ? SourceOf((byte)((head[5] + 1) & 3)) : source;
            PlainBlake2s.Mac(PlainCookie(used, shows), message[..(mac1 + 16)], 16).CopyTo(message, mac1 + 16);
        }

        message[head[2] % message.Length] ^= head[3];
    }

    private static byte[] Next(byte[] secret) => [.. secret.Select(value => (byte)(value + 77))];

    private static byte[] PlainCookie(byte[] secret, Source source)
    {
        (ulong high, ulong low, ulong localHigh, ulong localLow, ulong port) = source.Words;
        return PlainBlake2s.Mac(secret, [.. ((ulong[])[high, low, localHigh, localLow, port]).SelectMany(BitConverter.GetBytes)], 16);
    }

    internal static Source SourceOf(byte number) => number switch
    {
        0 => Source.From(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 1), IPAddress.Parse("192.0.2.9")),
        1 => Source.From(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 2), IPAddress.Parse("192.0.2.9")),
        2 => Source.From(new IPEndPoint(IPAddress.Parse("2001:db8::1"), 1), IPAddress.Parse("2001:db8::9")),
        _ => Source.From(new IPEndPoint(IPAddress.Parse("fe80::1%3"), 1), IPAddress.Parse("fe80::9")),
    };

    private static int Common(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => left.CommonPrefixLength(right);

    /// <summary>What is judged. A test breaks one of them.</summary>
    internal record Code
    {
        public virtual bool Mac1(PublicKey key, byte[] message) => new Mac1(key).Verify(message);

        public virtual bool Mac2(byte[] previous, byte[] current, byte[] message, Source source) =>
            new CookieSecrets(previous).RotatedTo(current).VerifyMac2(message, source);

        public virtual void Hash(byte[] key, byte[] data, Span<byte> digest, bool vectorised) => Blake2s.Mac(key, data, digest, vectorised);
    }
}
