using System.Text;

namespace WgProxy.Configuration;

/// <summary>Reads a configuration file from the disk.</summary>
internal static class ConfigFile
{
    /// <summary>The file that is read where nothing else is said.</summary>
    public const string Default = "/etc/wgproxy/wgproxy.conf";

    /// <summary>Bytes at most. A server takes some 100, and a peer as many.</summary>
    public const int MostBytes = 16 << 20;

    /// <summary>Whether there is something at this path, readable or not.</summary>
    public static bool Exists(string path) => Path.Exists(path);

    /// <summary>The text of a file in UTF-8. Bytes that are none become U+FFFD, which no value may hold.</summary>
    /// <param name="path">The file, or another thing that can be read to its end.</param>
    /// <param name="refusal">Why it cannot be read.</param>
    public static string? Read(string path, out string? refusal)
    {
        byte[]? bytes = ReadBytes(path, out refusal);
        if (bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
        {
            refusal = "it is in UTF-16: save it as UTF-8";
            return null;
        }

        return bytes is null ? null : Encoding.UTF8.GetString(bytes);
    }

    /// <summary>The bytes of a file.</summary>
    public static byte[]? ReadBytes(string path, out string? refusal)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return ReadBytes(file, out refusal);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            refusal = failure switch
            {
                FileNotFoundException or DirectoryNotFoundException => "there is no such file",
                _ when Directory.Exists(path) => "it is a directory",
                UnauthorizedAccessException => "this process may not read it",
                _ => failure.Message,
            };
            return null;
        }
    }

    /// <summary>The bytes of a stream, up to its end.</summary>
    public static byte[]? ReadBytes(Stream stream, out string? refusal)
    {
        using MemoryStream copy = new();
        byte[] buffer = new byte[65_536];
        int length;
        while ((length = stream.Read(buffer)) > 0)
        {
            copy.Write(buffer.AsSpan(0, length));
            if (copy.Length > MostBytes)
            {
                refusal = $"it has more than {MostBytes} bytes";
                return null;
            }
        }

        refusal = null;
        return copy.ToArray();
    }
}
