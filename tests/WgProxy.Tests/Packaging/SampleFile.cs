using System.Text;
using WgProxy.Configuration;

namespace WgProxy.Tests.Packaging;

/// <summary>The configuration file that a package installs: every key, explained, and none set.</summary>
internal static class SampleFile
{
    /// <summary>What stands for the public key that its reader has.</summary>
    public const string KeyToFillIn = "<the public key that wg show prints on the server>";

    private const int Width = 88;

    private static readonly Dictionary<string, string> OfFleet = new(StringComparer.Ordinal)
    {
        ["Store"] = "rediss://store.example.com:6379",
        ["Key"] = "/etc/wgproxy/fleet.key",
        ["Name"] = "relay-a",
        ["PasswordFile"] = "/etc/wgproxy/store.password",
        ["AuthorityFile"] = "/etc/wgproxy/store.pem",
        ["Standby"] = "relay-b",
        ["SharedAddress"] = "192.0.2.10",
    };

    /// <summary>The file.</summary>
    public static string Build()
    {
        StringBuilder text = new();
        Comment(text, "The configuration of wgproxy: all keys, with what counts where they are missing. wgproxy.conf(5) is the manual.");
        Comment(text, "To begin, take the # from the three lines of [Server] below and say in two of them where the server is and which key it has. Then: systemctl start wgproxy");
        Comment(text, "After further changes: wgproxy check, and systemctl reload wgproxy. Most keys of [Relay] need a restart.");
        _ = text.Append($"\n#[Server]\n#{FileKeys.Endpoint.Name} = home.example.com:51820\n#{OptionTable.Key.Key} = {KeyToFillIn}\n\n");
        Keys(text, FileKeys.Server.Where(key => key.Row != OptionTable.Server && key.Row != OptionTable.Key), "home");
        Comment(text, "Clients with a name, and maybe a rate. Each stands below its server, and a server may have many.");
        _ = text.Append("\n#[Peer]\n");
        Keys(text, FileKeys.Peer, "alice-phone");
        Comment(text, "What concerns the relay as a whole.");
        _ = text.Append("\n[Relay]\n");
        Keys(text, FileKeys.Relay, null);
        Comment(text, "Several relays that take over each other's tunnels. docs/fleet.md explains it.");
        _ = text.Append("\n#[Fleet]\n");
        Keys(text, FileKeys.Fleet, "relay-a");
        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static void Keys(StringBuilder text, IEnumerable<FileKey> keys, string? name)
    {
        foreach (FileKey key in keys)
        {
            Comment(text, $"{key.Name}: {key.Help}");
            Comment(text, $"Expected: {key.Expected}.{(key.IsList ? " May be repeated." : string.Empty)}{(key.Default?.Contains(' ', StringComparison.Ordinal) == true ? $" Without it: {key.Default}." : string.Empty)}");
            _ = text.Append($"#{key.Name} = {Value(key, name)}\n\n");
        }
    }

    // What stands in for a missing key, if it is a value and not a word about another key.
    private static string Value(FileKey key, string? name) =>
        key.Default is { } standIn && key.Parse(standIn, out _, out _) ? standIn
        : OfFleet.GetValueOrDefault(key.Name) is { } example && FileKeys.Fleet.Contains(key) ? example
        : key == FileKeys.Name || key == FileKeys.PeerName ? name!
        : key == FileKeys.PeerKey ? "<the public key that wg pubkey prints for the client>"
        : key.Row?.Default ?? "unlimited";

    private static void Comment(StringBuilder text, string sentences)
    {
        StringBuilder line = new("#");
        foreach (string word in sentences.Split(' '))
        {
            if (line.Length + 1 + word.Length > Width)
            {
                _ = text.Append(line).Append('\n');
                _ = line.Clear().Append('#');
            }

            _ = line.Append(' ').Append(word);
        }

        _ = text.Append(line).Append('\n');
    }
}
