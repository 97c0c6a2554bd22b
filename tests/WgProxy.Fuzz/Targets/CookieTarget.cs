using WgProxy.Core.Engine.Batching;
using WgProxy.Core.Protocol;
using WgProxy.Fuzz.Fuzzing;
using WgProxy.Fuzz.Plain;

namespace WgProxy.Fuzz.Targets;

/// <summary>
/// Cookie replies: what is sealed opens, what was tampered with does not, and both are what a plain XChaCha20-Poly1305 says.
/// An input is eight bytes of settings — the message's length, where the reply is tampered with, its length, the mac1
/// presented, key — and bytes for nonce, cookie and mac1.
/// </summary>
internal sealed class CookieTarget(CookieTarget.Opener? open = null) : Target
{
    private readonly Opener _open = open ?? Real;

    public delegate bool Opener(PublicKey key, ReadOnlySpan<byte> reply, ReadOnlySpan<byte> mac1, Span<byte> cookie);

    public override string Name => "cookie";

    public override int Longest => 8 + 128;

    public override int Head => 8;

    public override long Short => 15_000;

    public override IReadOnlyList<byte[]> Seeds { get; } = [[0, 0, 0, 64, 0, 0, 1, 0], [1, 0, 0, 64, 0, 0, 2, 0], [0, 40, 1, 64, 0, 0, 1, 0], [0, 0, 0, 64, 5, 1, 1, 0]];

    public override string? Run(ReadOnlySpan<byte> input, Signal signal)
    {
        byte[] head = new byte[Head];
        input[..Math.Min(Head, input.Length)].CopyTo(head);
        byte[] body = input[Math.Min(Head, input.Length)..].ToArray();
        byte[] Take(int at, int length) => [.. Enumerable.Range(at, length).Select(i => i < body.Length ? body[i] : (byte)0)];

        byte[] key = [.. Enumerable.Repeat((byte)(head[6] | 1), 32)];
        Assert.True(PublicKey.TryParse(Convert.ToBase64String(key), out PublicKey? parsed, out string? error), error);
        byte[] message = new byte[(head[0] & 1) == 0 ? 148 : 92];
        int offset = message.Length == 148 ? 116 : 60;
        byte[] nonce = Take(0, 24);
        byte[] cookie = Take(24, 16);
        byte[] mac1 = Take(40, 16);
        Take(56, 4).CopyTo(message, 4);
        mac1.CopyTo(message, offset);

        byte[] sealKey = PlainBlake2s.Hash([.. "cookie--"u8, .. key]);
        byte[] reply = new byte[64];
        new CookieSealer(parsed).Write(message, cookie, nonce, reply);
        byte[] expected = [3, 0, 0, 0, .. Take(56, 4), .. nonce, .. PlainXChaCha.Seal(sealKey, nonce, mac1, cookie)];
        if (!reply.AsSpan().SequenceEqual(expected))
        {
            return "the reply is not what it should be";
        }

        reply[head[1] % 64] ^= head[2];
        Array.Resize(ref reply, head[3]);
        mac1[head[4] % 16] ^= head[5];
        byte[] got = [.. Enumerable.Repeat((byte)0xA5, 16)];
        bool opened = _open(parsed, reply, mac1, got);
        byte[]? right = reply is [3, 0, 0, 0, ..] && reply.Length == 64 ? PlainXChaCha.Open(sealKey, reply[8..32], mac1, reply[32..]) : null;
        signal.Show("opened", opened ? 1 : 0, head[2] == 0 ? -1 : head[1] % 64);
        signal.Show("mac1", opened ? 1 : 0, Math.Sign(reply.Length - 64), head[5] == 0 ? -1 : head[4] % 16);
        if (opened != right is not null)
        {
            return opened ? "a reply that is not authentic was opened" : "an authentic reply was not opened";
        }

        if (!got.AsSpan().SequenceEqual(right ?? [.. Enumerable.Repeat((byte)0xA5, 16)]))
        {
            return opened ? "another cookie than was sealed" : "something was written, and nothing opened";
        }

        return AnyText(head, body, sealKey, nonce, signal);
    }

    /// <summary>Texts of any length, with anything authenticated beside them.</summary>
    private static string? AnyText(byte[] head, byte[] body, byte[] key, byte[] nonce, Signal signal)
    {
        byte[] aad = body[..Math.Min(body.Length, head[7] % 40)];
        byte[] text = body[aad.Length..];
        byte[] sealedText = new byte[text.Length + 16];
        XChaCha20Poly1305.Seal(key, nonce, aad, text, sealedText);
        signal.Show("text", text.Length / 16, aad.Length / 16, text.Length % 16 == 0 ? 1 : 0);
        if (!sealedText.AsSpan().SequenceEqual(PlainXChaCha.Seal(key, nonce, aad, text)))
        {
            return $"a text of {text.Length} bytes is sealed wrongly";
        }

        byte[] plain = new byte[text.Length];
        if (!XChaCha20Poly1305.TryOpen(key, nonce, aad, sealedText, plain) || !plain.AsSpan().SequenceEqual(text))
        {
            return "what was sealed does not open";
        }

        sealedText[head[1] % sealedText.Length] ^= (byte)(head[2] | 1);
        return XChaCha20Poly1305.TryOpen(key, nonce, aad, sealedText, plain) ? "what was tampered with opened" : null;
    }

    private static bool Real(PublicKey key, ReadOnlySpan<byte> reply, ReadOnlySpan<byte> mac1, Span<byte> cookie) =>
        new CookieSealer(key).TryOpen(reply, mac1, cookie);
}
