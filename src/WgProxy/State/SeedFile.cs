using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using WgProxy.Core.Engine;
using WgProxy.Core.Protocol;
using WgProxy.Hosting;

namespace WgProxy.State;

/// <summary>
/// The file of the seeds that outlive the process: steering and cookies. 64 bytes: "wgseeds" and a zero byte, 32 bytes of seeds, and
/// the first 24 bytes of the BLAKE2s of all before them. The seeds of nonces, hashes, ports and strangers are never written.
/// </summary>
internal static class SeedFile
{
    private const int Size = 64;
    private const int SeedsAt = 8;
    private const int DigestAt = 40;

    private static ReadOnlySpan<byte> Magic => "wgseeds\0"u8;

    /// <summary>The seeds of a directory. Draws new ones, and writes them, where there are none that can be used.</summary>
    /// <param name="path">Where the file is.</param>
    /// <param name="isExposed">Whether others could read it: those seeds are not used again.</param>
    /// <param name="flaw">Why they are drawn anew, though there was a file; null if they are not.</param>
    /// <exception cref="IOException">The system refused.</exception>
    /// <exception cref="UnauthorizedAccessException">The system refused.</exception>
    public static EngineSeeds Open(string path, bool isExposed, out string? flaw)
    {
        Span<byte> bytes = stackalloc byte[Size];
        bool exists = File.Exists(path);
        if (!isExposed && exists && TryRead(path, bytes))
        {
            flaw = null;
            return SeedsIn(bytes);
        }

        flaw = !exists ? null
            : isExposed ? "other users could read its seeds, so new ones are drawn"
            : "its seeds are damaged, so new ones are drawn";
        EngineSeeds drawn = RandomBits.DrawSeeds();
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[SeedsAt..], drawn.Steering.K0);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], drawn.Steering.K1);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], drawn.Cookie.K0);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[32..], drawn.Cookie.K1);
        Digest(bytes[..DigestAt])[..(Size - DigestAt)].CopyTo(bytes[DigestAt..]);

        StateFiles.Replace(path, bytes);
        return SeedsIn(bytes);
    }

    /// <summary>What names the seeds and does not show them.</summary>
    public static byte[] IdentityOf(EngineSeeds seeds)
    {
        Span<byte> bytes = stackalloc byte[32];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, seeds.Steering.K0);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], seeds.Steering.K1);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], seeds.Cookie.K0);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], seeds.Cookie.K1);
        return Digest(bytes)[..StateLayout.IdentitySize];
    }

    private static bool TryRead(string path, Span<byte> bytes)
    {
        using SafeFileHandle file = StateFiles.Open(path);
        return RandomAccess.GetLength(file) == Size && RandomAccess.Read(file, bytes, 0) == Size && bytes.StartsWith(Magic)
            && Digest(bytes[..DigestAt]).AsSpan(0, Size - DigestAt).SequenceEqual(bytes[DigestAt..]);
    }

    private static EngineSeeds SeedsIn(ReadOnlySpan<byte> bytes) => new()
    {
        Steering = (BinaryPrimitives.ReadUInt64LittleEndian(bytes[SeedsAt..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..])),
        Cookie = (BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..])),
    };

    private static byte[] Digest(ReadOnlySpan<byte> bytes)
    {
        byte[] digest = new byte[Blake2s.MaxDigestSize];
        Blake2s.Hash(bytes, digest);
        return digest;
    }
}
