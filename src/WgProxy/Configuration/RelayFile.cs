using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Fleet;
using WgProxy.Logging;

namespace WgProxy.Configuration;

/// <summary>The settings that a configuration file holds. It is read whole: every fault is found, not only the first.</summary>
internal sealed class RelayFile
{
    private readonly Dictionary<OptionRow, object?> _relay = [];
    private readonly List<ServerOptions> _servers = [];
    private readonly Dictionary<string, int> _names = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<PublicKey, int> _keys = [];
    private readonly string _path;
    private int _relayLine;
    private int _fleetLine;
    private Draft? _draft;

    private RelayFile(string path) => _path = path;

    /// <summary>What is wrong with it.</summary>
    public ConfigFaults Faults { get; } = new();

    /// <summary>The values of [Relay], by option.</summary>
    public IReadOnlyDictionary<OptionRow, object?> Relay => _relay;

    /// <summary>The servers, in the order of the file.</summary>
    public IReadOnlyList<ServerOptions> Servers => _servers;

    /// <summary>What [Fleet] says; null if there is none, or something is wrong with it.</summary>
    public FleetSettings? Fleet { get; private set; }

    /// <summary>Whether there is a [Server], valid or not.</summary>
    public bool ListsServers { get; private set; }

    /// <summary>Reads a file's text. Takes a time in proportion to its length.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="text">Any text.</param>
    public static RelayFile Parse(string path, string text)
    {
        RelayFile file = new(path);
        foreach (ConfigSection section in ConfigText.Parse(text, file.Faults))
        {
            file.Take(section);
        }

        file.EndServer();
        if (file._servers.Count > Limits.MostRoutes)
        {
            file.Faults.Add(1, $"there are {file._servers.Count} servers: expected {Limits.MostRoutes} at most");
        }

        return file;
    }

    private static bool IsCalled(ConfigSection section, string name) => section.Name.Equals(name, StringComparison.OrdinalIgnoreCase);

    private void Take(ConfigSection section)
    {
        if (IsCalled(section, "Relay"))
        {
            TakeRelay(section);
        }
        else if (IsCalled(section, "Server"))
        {
            EndServer();
            ListsServers = true;
            _draft = new Draft(section.Line, new SectionReader(section, FileKeys.Server, Faults));
        }
        else if (IsCalled(section, "Peer"))
        {
            TakePeer(section);
        }
        else if (IsCalled(section, "Fleet"))
        {
            TakeFleet(section);
        }
        else
        {
            Faults.Add(section.Line, HintOn(section));
        }
    }

    private static string HintOn(ConfigSection section)
    {
        if (IsCalled(section, "Interface"))
        {
            return "[Interface] belongs to WireGuard's own file: expected [Relay], [Server], [Peer] or [Fleet] (wgproxy import makes such a file of WireGuard's)";
        }

        string shown = SectionReader.IsPlain(section.Name) ? $"[{section.Name}]" : "this";
        return $"{shown} is no section: "
            + (Spelling.Nearest(section.Name, ["Relay", "Server", "Peer", "Fleet"]) is { } near ? $"did you mean [{near}]?" : "expected [Relay], [Server], [Peer] or [Fleet]");
    }

    private void TakeRelay(ConfigSection section)
    {
        if (_relayLine > 0)
        {
            Faults.Add(section.Line, $"[Relay] stands once in a file: line {_relayLine} has it");
            return;
        }

        _relayLine = section.Line;
        SectionReader reader = new(section, FileKeys.Relay, Faults);
        foreach (FileKey key in FileKeys.Relay)
        {
            if (reader.TryGet(key, out object? value))
            {
                _relay[key.Row!] = value;
            }
        }
    }

    private void TakeFleet(ConfigSection section)
    {
        EndServer();
        if (_fleetLine > 0)
        {
            Faults.Add(section.Line, $"[Fleet] stands once in a file: line {_fleetLine} has it");
            return;
        }

        _fleetLine = section.Line;
        Fleet = FleetSection.Read(_path, section, Faults);
    }

    private void TakePeer(ConfigSection section)
    {
        if (_draft is null)
        {
            Faults.Add(section.Line, "[Peer] belongs below the [Server] whose client it is");
            return;
        }

        SectionReader reader = new(section, FileKeys.Peer, Faults);
        PublicKey? key = reader.Required<PublicKey>(FileKeys.PeerKey);
        string? name = reader.TryGet(FileKeys.PeerName, out object? given) ? (string?)given : key?.ToString();
        if (key is not null && name is not null
            && IsNew(_draft.PeerNames, name, reader.LineOf(FileKeys.PeerName), $"Name \"{name}\"")
            & IsNew(_draft.PeerKeys, key, reader.LineOf(FileKeys.PeerKey), $"peer {name}'s PublicKey"))
        {
            _draft.Peers.Add(new PeerOptions(name, key, RateKeys.OfPeer(reader)));
        }
    }

    private void EndServer()
    {
        if (_draft is not { } draft)
        {
            return;
        }

        _draft = null;
        SectionReader reader = draft.Reader;
        PublicKey? key = reader.Required<PublicKey>(FileKeys.Server.Single(each => each.Row == OptionTable.Key));
        IReadOnlyList<ServerName>? endpoints = reader.Required<IReadOnlyList<ServerName>>(FileKeys.Endpoint);
        if (key is null || endpoints is null)
        {
            return;
        }

        string? given = reader.TryGet(FileKeys.Name, out object? named) ? (string?)named : null;
        string name = given ?? endpoints[0].ToString();
        string place = $"{_path}:{reader.LineOf(FileKeys.Endpoint)}: {FileKeys.Endpoint.Name}";
        ServerName[] own = [.. endpoints.Select(endpoint => endpoint with { Alias = given, Setting = place })];
        ListenAddresses? listen = reader.ValueOf<ListenAddresses?>(OptionTable.Listen, null);
        int line = reader.LineOf(FileKeys.Name);
        if (IsNew(_names, name, line, given is null ? $"the name {LogLine.Quote(name)}, which stands for a missing Name," : $"Name {LogLine.Quote(name)}")
            & IsNew(_keys, key, reader.LineOf(FileKeys.PeerKey), $"server {name}'s PublicKey"))
        {
            _servers.Add(new ServerOptions(name, key, own[0])
            {
                Others = own[1..],
                Peers = draft.Peers,
                Listen = listen,
                Settings = new RouteSettings
                {
                    Allow = reader.ValueOf(OptionTable.Allow, AddressList.Empty),
                    Deny = reader.ValueOf(OptionTable.Deny, AddressList.Empty),
                    Listen = listen is null ? ListenList.Everywhere : new ListenList(listen.OfEachVersion),
                    IdleTimeout = reader.ValueOf<TimeSpan?>(OptionTable.Timeout, null),
                    Rate = RateKeys.Of(reader),
                    TunnelRate = RateKeys.OfTunnel(reader),
                    PeersOnly = reader.TryGet(FileKeys.PeersOnly, out object? only) && only is true,
                },
            });
        }
    }

    private bool IsNew<T>(Dictionary<T, int> known, T value, int line, string what)
        where T : notnull
    {
        if (known.TryAdd(value, line))
        {
            return true;
        }

        Faults.Add(line, $"{what} is given twice: line {known[value]} has it too");
        return false;
    }

    /// <summary>A server that is being read: its peers follow it.</summary>
    private sealed record Draft(int Line, SectionReader Reader)
    {
        public List<PeerOptions> Peers { get; } = [];

        public Dictionary<string, int> PeerNames { get; } = new(StringComparer.OrdinalIgnoreCase);

        public Dictionary<PublicKey, int> PeerKeys { get; } = [];
    }
}
