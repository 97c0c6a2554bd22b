using System.Globalization;
using WgProxy.Configuration;
using WgProxy.Core.Protocol;

namespace WgProxy.Importing;

/// <summary>One [Peer] of WireGuard's own file.</summary>
internal sealed class WireGuardPeer
{
    /// <summary>Its name, from a comment; null if there is none.</summary>
    public string? Name { get; set; }

    /// <summary>Its public key; null if it has none.</summary>
    public PublicKey? Key { get; set; }

    /// <summary>Where it is; null if the file does not say.</summary>
    public ServerName? Endpoint { get; set; }

    /// <summary>The line of its endpoint; 0 if there is none.</summary>
    public int EndpointLine { get; set; }
}

/// <summary>What the relay needs of a file of wg or wg-quick: peers, their names, and the MTU. It keeps nothing else of the file, and in
/// particular no private and no preshared key. A fault names a line and a key, and never a value.</summary>
internal sealed class WireGuardFile
{
    private readonly List<WireGuardPeer> _peers = [];
    private readonly List<string> _pending = [];
    private readonly List<string> _ofPeer = [];
    private readonly List<string> _above = [];
    private string _section = string.Empty;
    private bool _hasKeys;

    private WireGuardFile()
    {
    }

    /// <summary>The peers, in the order of the file.</summary>
    public IReadOnlyList<WireGuardPeer> Peers => _peers;

    /// <summary>Whether the interface listens on a port of its own choice, as a server's does.</summary>
    public bool ListensOnPort { get; private set; }

    /// <summary>The interface's MTU; null if the file does not say.</summary>
    public int? Mtu { get; private set; }

    /// <summary>The line of the MTU.</summary>
    public int MtuLine { get; private set; }

    /// <summary>What cannot be read.</summary>
    public ConfigFaults Faults { get; } = new();

    /// <summary>Reads a file's text.</summary>
    public static WireGuardFile Parse(string text)
    {
        WireGuardFile file = new();
        string[] lines = text.TrimStart('\uFEFF').Split('\n');
        for (int at = 0; at < lines.Length; at++)
        {
            file.Take(lines[at].Trim(), at + 1);
        }

        file.NamePeer();
        if (file._peers.Count == 0)
        {
            file.Faults.Add(1, "there is no [Peer]: expected a file of wg or wg-quick");
        }

        return file;
    }

    private void Take(string text, int line)
    {
        int hash = text.IndexOf('#', StringComparison.Ordinal);
        string comment = hash < 0 ? string.Empty : text[hash..];
        string rest = (hash < 0 ? text : text[..hash]).Trim();
        if (rest.StartsWith('['))
        {
            Begin(rest, comment);
        }
        else if (rest.Length > 0)
        {
            KeepPending();
            TakeKey(rest, line);
            _ofPeer.Add(comment);
        }
        else if (comment.Length > 0)
        {
            _pending.Add(comment);
        }
        else if (_section is "peer" && !_hasKeys)
        {
            _ofPeer.AddRange(_pending);
            _pending.Clear();
        }
        else
        {
            // A comment with a blank line below it is about something else.
            _pending.Clear();
        }
    }

    private void Begin(string header, string comment)
    {
        NamePeer();
        _section = header.Trim('[', ']', ' ').ToLowerInvariant();
        _hasKeys = false;
        if (_section is "peer")
        {
            _peers.Add(new WireGuardPeer());
            _above.AddRange(_pending.AsEnumerable().Reverse());
            _ofPeer.Add(comment);
        }

        _pending.Clear();
    }

    /// <summary>Comments with a key below them, in the same peer, are about it. Those between its header and its first key are nearer than
    /// those above the header, and these are nearer than what stands among its keys.</summary>
    private void KeepPending()
    {
        if (_section is "peer")
        {
            _ofPeer.AddRange(_pending);
            if (!_hasKeys)
            {
                _ofPeer.AddRange(_above);
                _above.Clear();
            }
        }

        _pending.Clear();
    }

    private void NamePeer()
    {
        if (_peers is [.., { Name: null } peer])
        {
            peer.Name = CommentName.In(_ofPeer);
        }

        _ofPeer.Clear();
        _above.Clear();
    }

    private void TakeKey(string text, int line)
    {
        _hasKeys = true;
        string[] parts = text.Split('=', 2, StringSplitOptions.TrimEntries);
        string key = parts[0].ToLowerInvariant();
        string value = parts.Length == 2 ? parts[1] : string.Empty;
        if (_section is "interface" && key is "listenport")
        {
            ListensOnPort = true;
        }
        else if (_section is "interface" && key is "mtu")
        {
            bool valid = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int mtu);
            (Mtu, MtuLine) = (valid ? mtu : null, line);
        }
        else if (_section is "peer" && key is "publickey")
        {
            _peers[^1].Key = PublicKey.TryParse(value, out PublicKey? parsed, out _) ? parsed : Fault<PublicKey>(line, "PublicKey", OptionTable.Key.Expected);
        }
        else if (_section is "peer" && key is "endpoint")
        {
            _peers[^1].EndpointLine = line;
            _peers[^1].Endpoint = ServerName.TryParse(value, out ServerName name, out _) ? name : Fault<ServerName>(line, "Endpoint", OptionTable.Server.Expected);
        }
    }

    private T? Fault<T>(int line, string key, string expected)
        where T : class
    {
        Faults.Add(line, $"{key} cannot be read: expected {expected}");
        return null;
    }
}
