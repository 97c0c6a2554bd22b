using System.Buffers.Binary;

namespace WgProxy.Core.Protocol;

/// <summary>The authenticated encryption of RFC 8439, section 2.8, for short messages. Callers check the lengths.</summary>
internal static class ChaCha20Poly1305
{
    /// <summary>Encrypts a text and writes its tag behind it.</summary>
    public static void Seal(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> aad,
        ReadOnlySpan<byte> plain,
        Span<byte> sealedText)
    {
        Span<byte> cipher = sealedText[..plain.Length];
        Encrypt(key, nonce, plain, cipher);
        Tag(key, nonce, aad, cipher, sealedText[plain.Length..]);
    }

    /// <summary>Decrypts a text if its tag is right; otherwise writes nothing.</summary>
    public static bool TryOpen(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> aad,
        ReadOnlySpan<byte> sealedText,
        Span<byte> plain)
    {
        ReadOnlySpan<byte> cipher = sealedText[..plain.Length];
        Span<byte> tag = stackalloc byte[Poly1305.TagSize];
        Tag(key, nonce, aad, cipher, tag);
        if (!FixedTime.AreEqual(tag, sealedText[plain.Length..]))
        {
            return false;
        }

        Encrypt(key, nonce, cipher, plain);
        return true;
    }

    // Block 0 of the stream makes the key of the tag; the text begins with block 1.
    private static void Encrypt(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> text, Span<byte> result)
    {
        Span<byte> stream = stackalloc byte[ChaCha20.BlockSize];
        for (uint counter = 1; !text.IsEmpty; counter++)
        {
            ChaCha20.Block(key, counter, nonce, stream);
            int length = Math.Min(text.Length, stream.Length);
            for (int i = 0; i < length; i++)
            {
                result[i] = (byte)(text[i] ^ stream[i]);
            }

            text = text[length..];
            result = result[length..];
        }
    }

    private static void Tag(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> aad,
        ReadOnlySpan<byte> cipher,
        Span<byte> tag)
    {
        Span<byte> stream = stackalloc byte[ChaCha20.BlockSize];
        ChaCha20.Block(key, 0, nonce, stream);
        Poly1305 poly = new(stream[..Poly1305.KeySize]);
        poly.AddPadded(aad);
        poly.AddPadded(cipher);
        Span<byte> lengths = stream[..16];
        BinaryPrimitives.WriteInt64LittleEndian(lengths, aad.Length);
        BinaryPrimitives.WriteInt64LittleEndian(lengths[8..], cipher.Length);
        poly.AddPadded(lengths);
        poly.Finish(tag);
    }
}
