using System.Security.Cryptography;
using WgProxy.Core.Engine;
using WgProxy.Linux.Net;

namespace WgProxy.Hosting;

/// <summary>Unpredictable bits for the seeds of an engine. They come from the kernel itself (getrandom(2)). The framework would ask
/// OpenSSL, which takes 5 MB of memory for these few bytes.</summary>
internal static class RandomBits
{
    /// <summary>All seeds of an engine.</summary>
    public static EngineSeeds DrawSeeds() => EngineSeeds.From(Fill);

    /// <summary>Fills this with bits.</summary>
    public static void Fill(Span<byte> bits)
    {
        if (!OperatingSystem.IsLinux() || !(HostFacts.TryFillRandom(bits) || TryRead(bits)))
        {
            RandomNumberGenerator.Fill(bits);
        }
    }

    // If the call is refused, OpenSSL cannot start either, and throws (3.0).
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
}
