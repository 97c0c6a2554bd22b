using System.Security.Cryptography;
using WgProxy.Core.Protocol;
using SystemChaCha20Poly1305 = System.Security.Cryptography.ChaCha20Poly1305;

namespace WgProxy.Core.Tests.Protocol;

/// <summary>The system's ChaCha20-Poly1305 as a second implementation.</summary>
internal static class SystemCipher
{
    /// <summary>Skips the test that asks, with the reason printed, where the system has none.</summary>
    public static void Require() => Assert.SkipUnless(
        SystemChaCha20Poly1305.IsSupported, "the system has no ChaCha20-Poly1305: nothing to compare with.");

    /// <summary>The encrypted text and its tag.</summary>
    public static byte[] Seal(byte[] key, byte[] nonce, byte[] aad, byte[] plain)
    {
        using SystemChaCha20Poly1305 cipher = new(key);
        byte[] sealedText = new byte[plain.Length + 16];
        cipher.Encrypt(nonce, plain, sealedText.AsSpan(0, plain.Length), sealedText.AsSpan(plain.Length), aad);
        return sealedText;
    }

    /// <summary>Whether the system opens what was sealed, to the same text.</summary>
    public static bool Opens(byte[] key, byte[] nonce, byte[] aad, byte[] sealedText, byte[] plain)
    {
        using SystemChaCha20Poly1305 cipher = new(key);
        byte[] opened = new byte[plain.Length];
        try
        {
            cipher.Decrypt(nonce, sealedText.AsSpan(0, plain.Length), sealedText.AsSpan(plain.Length), opened, aad);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }

        return opened.AsSpan().SequenceEqual(plain);
    }
}
