using System.Runtime.InteropServices;
using System.Security.Cryptography;
using WgProxy.Linux.Native;

namespace WgProxy.Linux;

/// <summary>Random bits that nobody can predict, for seeds. From the kernel itself (getrandom(2)): the framework asks
/// OpenSSL, which takes 5 MB of memory for these few bytes.</summary>
public static class RandomBits
{
    /// <summary>64 of them.</summary>
    public static ulong Draw()
    {
        Span<byte> bits = stackalloc byte[sizeof(ulong)];
        if (!OperatingSystem.IsLinux() || !(TryFill(bits) || TryRead(bits)))
        {
            RandomNumberGenerator.Fill(bits);
        }

        return BitConverter.ToUInt64(bits);
    }

    /// <summary>128 of them.</summary>
    public static (ulong K0, ulong K1) DrawPair() => (Draw(), Draw());

    // Where the call is refused, OpenSSL cannot begin either, and throws (3.0).
    private static bool TryRead(Span<byte> bits)
    {
        try
        {
            using FileStream source = new("/dev/urandom", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            source.ReadExactly(bits);
            return true;
        }
        catch (Exception refusal) when (refusal is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // So few bytes come whole or not at all: not before the kernel has gathered enough, nor from a kernel or a sandbox
    // without the call.
    private static bool TryFill(Span<byte> bits)
    {
        nint filled;
        do
        {
            filled = Libc.getrandom(bits, (nuint)bits.Length, 0);
        }
        while (filled < 0 && Marshal.GetLastPInvokeError() == Constants.EINTR);

        return filled == bits.Length;
    }
}
