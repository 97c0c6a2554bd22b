using System.Text;

namespace WgProxy.Importing;

/// <summary>The lines of a client's file that must change, so that it uses the relay: the endpoint of each peer, and an MTU that leaves no
/// room for an outer IPv6 header.</summary>
internal sealed class ClientEdit
{
    /// <summary>The MTU that fits whatever the outer header: 1500 less 40 for IPv6, 8 for UDP and 32 for WireGuard.</summary>
    public const int MostMtu = 1_420;

    private readonly SortedDictionary<int, (string Key, string Value)> _lines = [];

    /// <summary>What is to change in this file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="relay">The relay's endpoint, as the client is to write it.</param>
    public ClientEdit(WireGuardFile file, string relay)
    {
        if (file.Mtu > MostMtu)
        {
            _lines[file.MtuLine] = ("MTU", $"{MostMtu}");
        }

        foreach (WireGuardPeer peer in file.Peers.Where(peer => peer is { Key: not null, Endpoint: not null }))
        {
            _lines[peer.EndpointLine] = ("Endpoint", relay);
        }
    }

    /// <summary>The changed lines with their numbers, a line each.</summary>
    public string ToText() => string.Concat(_lines.Select(line => $"line {line.Key}: {line.Value.Key} = {line.Value.Value}\n"));

    /// <summary>The bytes of the file with these lines changed. All others, and comments and spaces of these, stay byte for byte.</summary>
    public byte[] Apply(byte[] file)
    {
        // Latin-1 has one character for each byte, and the same line feeds, equals and number signs as UTF-8.
        string[] lines = Encoding.Latin1.GetString(file).Split('\n');
        foreach ((int number, (_, string value)) in _lines)
        {
            lines[number - 1] = Changed(lines[number - 1], value);
        }

        return Encoding.Latin1.GetBytes(string.Join('\n', lines));
    }

    /// <summary>Replaces a file by these bytes in one step: a reader finds the former file or this one.</summary>
    /// <returns>Why the system refused; null if it did not.</returns>
    public static string? Replace(string path, byte[] bytes)
    {
        string real = new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
        string copy = real + ".wgproxy-new";
        bool isMade = false;
        try
        {
            FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using (FileStream stream = new(copy, options))
            {
                isMade = true;
                stream.Write(bytes);
                stream.Flush(flushToDisk: true);
            }

            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(copy, File.GetUnixFileMode(real));
            }

            File.Move(copy, real, overwrite: true);
            return null;
        }
        catch (Exception refusal) when (refusal is IOException or UnauthorizedAccessException)
        {
            if (isMade)
            {
                File.Delete(copy);
            }

            return refusal.Message;
        }
    }

    private static string Changed(string line, string value)
    {
        int begin = line.IndexOf('=', StringComparison.Ordinal) + 1;
        int hash = line.IndexOf('#', begin);
        int end = hash < 0 ? line.Length : hash;
        ReadOnlySpan<char> former = line.AsSpan(begin, end - begin);
        int before = former.Length - former.TrimStart().Length;
        int after = former.TrimEnd().Length;
        return $"{line[..(begin + before)]}{value}{line[(begin + after)..]}";
    }
}
