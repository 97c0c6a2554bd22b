using System.Text;

namespace WgProxy.Configuration;

/// <summary>The keys of a configuration file, section by section. Those of options come from the option table.</summary>
internal static class FileKeys
{
    /// <summary>What a name looks like.</summary>
    public const string NameForm = "1 to 64 letters, digits or characters of ._-@:[]%+";

    private const int LongestName = 64;
    private const string AsRelay = "as [Relay] says";

    /// <summary>The name of a server or a peer.</summary>
    public static readonly FileKey Name = new(
        "Name", "the endpoint", NameForm, "The name of the server in log lines and figures. It is unique in the file.", IsList: false, TryParseName);

    /// <summary>The name of a peer.</summary>
    public static readonly FileKey PeerName = Name with
    {
        Default = "the public key",
        Help = "The name of the client. It is unique among those of its server.",
    };

    /// <summary>The public key of a peer.</summary>
    public static readonly FileKey PeerKey = FileKey.Of(OptionTable.Key, null) with
    {
        Help = "The client's public key. It is unique among those of its server.",
    };

    /// <summary>Whether only peers have tunnels with a server.</summary>
    public static readonly FileKey PeersOnly = new(
        "PeersOnly",
        "no",
        "yes or no",
        "Whether only the clients that are listed as [Peer] have tunnels. The relay then refuses the server's handshakes with any other client.",
        IsList: false,
        TryParsePeersOnly);

    /// <summary>The endpoints of a server.</summary>
    public static readonly FileKey Endpoint = FileKey.Of(OptionTable.Server, null) with
    {
        IsList = true,
        Parse = SettingParser.TryParseServers,
        Help = $"Where the server is. Of several endpoints, up to {ServerOptions.MostEndpoints}, the relay tries the next when one does not answer, as it does with the addresses of one name. "
            + "They are other ways to the server, or another server with the same key.",
    };

    /// <summary>Where the clients of a server send to.</summary>
    public static readonly FileKey ServerListen = FileKey.Of(OptionTable.Listen, AsRelay) with
    {
        Help = "Where the clients of this server send to, of the addresses and ports that the relay listens on. What arrives elsewhere for this server is dropped (`NotServedHere`).",
    };

    /// <summary>The keys of [Relay].</summary>
    public static IReadOnlyList<FileKey> Relay { get; } =
        [.. OptionTable.Rows.Where(row => row.Sections.HasFlag(FileSections.Relay)).Select(row => FileKey.Of(row, row.Default))];

    /// <summary>The keys of [Server].</summary>
    public static IReadOnlyList<FileKey> Server { get; } =
    [
        Name,
        .. OptionTable.Rows.Where(row => row.Sections.HasFlag(FileSections.Server))
            .Select(row => row == OptionTable.Server ? Endpoint : row == OptionTable.Listen ? ServerListen : FileKey.Of(row, row.Default is null ? null : row == OptionTable.Timeout ? AsRelay : row.Default)),
        PeersOnly,
        .. RateKeys.All,
    ];

    /// <summary>The keys of [Peer].</summary>
    public static IReadOnlyList<FileKey> Peer { get; } = [PeerName, PeerKey, .. RateKeys.AllOfPeer];

    /// <summary>The keys of [Fleet].</summary>
    public static IReadOnlyList<FileKey> Fleet => FleetSection.All;

    /// <summary>The keys of a section as a Markdown table, as docs/configuration.md shows it.</summary>
    public static string ToMarkdown(IReadOnlyList<FileKey> keys)
    {
        StringBuilder table = new("| Key | Default | What it sets |\n| --- | --- | --- |\n");
        foreach (FileKey key in keys)
        {
            string standIn = key.Default is null ? "required" : key.Default.Contains(' ', StringComparison.Ordinal) ? key.Default : $"`{key.Default}`";
            _ = table.Append($"| `{key.Name}` | {standIn} | {key.Help}{(key.IsList ? " May be repeated." : string.Empty)} |\n");
        }

        return table.ToString();
    }

    /// <summary>Whether a text is a name.</summary>
    public static bool IsName(string text) => text.Length is >= 1 and <= LongestName && text.All(IsLetterOfName);

    /// <summary>A name that resembles a text; null if nothing is left of it.</summary>
    public static string? NameLike(string text)
    {
        string name = new([.. text.Trim().Select(letter => IsLetterOfName(letter) ? letter : '-').Take(LongestName)]);
        name = name.Trim('-');
        return name.Length == 0 ? null : name;
    }

    private static bool IsLetterOfName(char letter) => char.IsLetterOrDigit(letter) || letter is '.' or '_' or '-' or '@' or ':' or '[' or ']' or '%' or '+';

    private static bool TryParsePeersOnly(string text, out object? value, out string? refusal)
    {
        (value, refusal) = (text is "yes", null);
        return text is "yes" or "no";
    }

    private static bool TryParseName(string text, out object? value, out string? refusal)
    {
        (value, refusal) = (text, null);
        return IsName(text);
    }
}
