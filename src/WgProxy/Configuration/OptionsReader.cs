using System.Collections;
using System.Net;
using WgProxy.Core.Protocol;
using WgProxy.Fleet;
using WgProxy.Hosting;
using WgProxy.Logging;

namespace WgProxy.Configuration;

/// <summary>Reads the settings of the program: from flags, else from variables, else from the configuration file, else from the
/// table of options. May read again, and then sees what the file has become.</summary>
/// <param name="line">A valid command line.</param>
/// <param name="environment">The environment, names to texts.</param>
/// <param name="log">Where errors and warnings go.</param>
/// <param name="defaultFile">The file that is read if it is there and no option names another, or a server.</param>
internal sealed class OptionsReader(CommandLine line, IDictionary environment, Log log, string defaultFile = ConfigFile.Default)
{
    // REKEY_AFTER_TIME: while both ends of a tunnel use it, WireGuard renews its keys every 120 s, and by that speaks.
    // With less, a tunnel that both ends still hold keys for may be gone here, and the server cannot reach its client.
    private static readonly TimeSpan ShortTimeout = TimeSpan.FromSeconds(120);

    private static readonly OptionRow[] OfServer = [OptionTable.Server, OptionTable.Key];

    private static readonly OptionRow[] OfLog = [OptionTable.Level, OptionTable.LogAddresses, OptionTable.LogFormat];

    private static readonly Dictionary<string, string> FormerVariables = new(StringComparer.Ordinal)
    {
        ["WGPROXY_PORTS"] = "WGPROXY_LISTEN takes several addresses and ports, with commas between",
        ["WGPROXY_PUBKEYS"] = "a configuration file lists several servers: use --config, or one WGPROXY_PUBKEY",
    };

    private readonly Dictionary<OptionRow, object?> _values = [];
    private readonly HashSet<OptionRow> _defaults = [];
    private RelayFile? _file;

    /// <summary>Whether settings without any server are valid too. Set before reading.</summary>
    public bool MayLackServers { get; set; }

    /// <summary>Reads all settings; null if one is missing or wrong. Sets the log's level first, then says everything that is to be
    /// said about the others.</summary>
    public Options? Read()
    {
        string? path = FindFile();
        string? refusal = ReadFile(path);
        bool valid = TryReadOfLog();
        log.Level = _values.GetValueOrDefault(OptionTable.Level) is LogLevel level ? level : log.Level;
        log.Addresses = _values.GetValueOrDefault(OptionTable.LogAddresses) is LogAddresses addresses ? addresses : log.Addresses;
        log.Use(_values.GetValueOrDefault(OptionTable.LogFormat) is LogFormat format ? format : LogFormat.Auto);
        WarnOfUnknown();
        return Finish(valid, path, refusal);
    }

    /// <summary>The settings that a program needs which asks a running relay. What is wrong with the file is the relay's matter, and says nothing
    /// here.</summary>
    public QuietSettings ReadQuietly()
    {
        _ = ReadFile(FindFile());
        bool isNamed = TryQuietly(OptionTable.Server, out object? server) & TryQuietly(OptionTable.Key, out object? key);
        return new QuietSettings(
            Quietly(OptionTable.Control),
            Quietly(OptionTable.StateDirectory),
            _file is { ListsServers: true } listed ? listed.Servers : isNamed ? [ServerOptions.Of((ServerName)server!, (PublicKey)key!)] : []);
    }

    /// <summary>Whether any server is configured, rightly or wrongly: what is wrong is the relay's matter. If none is, says so in one
    /// line.</summary>
    public bool NamesServer()
    {
        string? path = FindFile();
        bool isConfigured = ReadFile(path) is not null || _file is { ListsServers: true } or { Faults.Count: > 0 } || OfServer.Any(row => TextOf(row) is not null);
        if (!isConfigured)
        {
            log.NoServerIsConfigured(path ?? defaultFile);
        }

        return isConfigured;
    }

    /// <summary>Reads the same file again, and takes flags and variables as they were. Nothing but the log's lines changes.</summary>
    /// <param name="path">The file.</param>
    public Options? ReadAgain(string path)
    {
        _values.Clear();
        _defaults.Clear();
        _file = null;
        string? refusal = ReadFile(path);
        return Finish(TryReadOfLog(), path, refusal);
    }

    private string Quietly(OptionRow row) =>
        TextOf(row) ?? (_file?.Relay.TryGetValue(row, out object? listed) == true ? (string)listed! : row.Default!);

    private bool TryQuietly(OptionRow row, out object? value)
    {
        value = null;
        return TextOf(row) is { } text && row.TryParse(text, out value, out _);
    }

    // First, so that all that is said obeys them.
    private bool TryReadOfLog()
    {
        bool valid = true;
        foreach (OptionRow row in OfLog)
        {
            valid &= TryRead(row);
        }

        return valid;
    }

    private Options? Finish(bool valid, string? path, string? refusal)
    {
        if (refusal is not null)
        {
            log.FileIsUnreadable(path!, refusal);
        }
        else if (_file is not null)
        {
            log.FileIsWrong(path!, _file.Faults);
        }

        valid &= path is null || _file is { Faults.Count: 0 };
        bool lacksServers = MayLackServers && _file is not { ListsServers: true } && OfServer.All(row => TextOf(row) is null);
        foreach (OptionRow row in OptionTable.Rows.Where(row => !OfLog.Contains(row) && row != OptionTable.Config && !(lacksServers && OfServer.Contains(row))))
        {
            bool isOfFile = OfServer.Contains(row) && path is not null && (_file is null || _file.ListsServers);
            valid &= isOfFile ? IsLeftToFile(row, path!) : TryRead(row);
        }

        if (!valid)
        {
            return null;
        }

        IReadOnlyList<ServerOptions> servers = lacksServers ? []
            : _file is { ListsServers: true } listed ? listed.Servers
            : [ServerOptions.Of((ServerName)_values[OptionTable.Server]!, (PublicKey)_values[OptionTable.Key]!)];
        Options options = new(new Dictionary<OptionRow, object?>(_values), servers, path) { Defaults = new HashSet<OptionRow>(_defaults), Fleet = _file?.Fleet };
        return MakeSense(options) ? options : null;
    }

    /// <summary>The file to read; null for none.</summary>
    private string? FindFile()
    {
        string? named = TextOf(OptionTable.Config);
        bool namesServer = OfServer.Any(row => TextOf(row) is not null);
        return named ?? (!namesServer && ConfigFile.Exists(defaultFile) ? defaultFile : null);
    }

    private string? ReadFile(string? path)
    {
        if (path is null)
        {
            return null;
        }

        string? text = ConfigFile.Read(path, out string? refusal);
        _file = text is null ? null : RelayFile.Parse(path, text);
        return refusal;
    }

    /// <summary>Reads one setting. If it is missing or wrong, says so, and goes on.</summary>
    private bool TryRead(OptionRow row)
    {
        string? given = TextOf(row);
        bool isEmpty = given is null && (environment[row.Variable] as string)?.Trim() is "";
        if (isEmpty && row.Default is not null)
        {
            log.VariableIsEmpty(row, row.Default);
        }

        if (given is null && _file?.Relay.TryGetValue(row, out object? listed) == true)
        {
            _values[row] = listed;
            return true;
        }

        string? text = given ?? row.Default;
        if (text is null)
        {
            log.SettingIsMissing(row);
            return false;
        }

        if (row.TryParse(text, out object? value, out string? refusal))
        {
            _values[row] = value;
            if (given is null)
            {
                _defaults.Add(row);
            }

            return true;
        }

        log.SettingIsWrong(row, text, refusal);
        return false;
    }

    private bool IsLeftToFile(OptionRow row, string path)
    {
        if (TextOf(row) is null || _file is null)
        {
            return true;
        }

        log.ServerIsNamedTwice(row, path);
        return false;
    }

    /// <summary>The text of a flag, else of a variable; null if neither is there. An empty variable counts as missing.</summary>
    private string? TextOf(OptionRow row) =>
        line[row]?.Trim() ?? ((environment[row.Variable] as string)?.Trim() is { Length: > 0 } text ? text : null);

    /// <summary>What no setting shows alone.</summary>
    private bool MakeSense(Options options)
    {
        IEnumerable<(string Setting, TimeSpan Timeout)> timeouts = options.Servers
            .Where(server => server.Settings.IdleTimeout is not null)
            .Select(server => ($"Timeout of {server.Name}", server.Settings.IdleTimeout!.Value))
            .Prepend((OptionTable.Timeout.Name, options.Timeout));
        foreach ((string setting, TimeSpan timeout) in timeouts.Where(each => each.Timeout < ShortTimeout))
        {
            log.TimeoutIsShort(setting, timeout, ShortTimeout);
        }

        // The system is asked once, whatever the number of servers.
        Lazy<IPAddress[]> host = new(() => [.. OwnAddresses.OfThisHost()]);
        OwnAddresses own = new(options.Listen.All, () => host.Value);
        ServerName[] loops = [.. options.Servers.SelectMany(server => server.Endpoints)
            .Where(endpoint => endpoint.Address is { } address && own.Contains(address, endpoint.Port))];
        foreach (ServerName loop in loops)
        {
            log.ServerIsRelay(loop, loop.Address!);
        }

        bool hasPorts = options.UpstreamPorts is not { } ports || Enumerable.Range(ports.First, ports.Last - ports.First + 1).Except(options.Listen.Ports).Any();
        if (!hasPorts)
        {
            (ushort first, ushort last) = options.UpstreamPorts!.Value;
            log.SettingIsWrong(OptionTable.UpstreamPorts, first == last ? $"{first}" : $"{first}-{last}", $"the relay listens on {(first == last ? "this port" : "these ports")}; expected at least one other");
        }

        // Read here, so that check says what is wrong with them.
        bool hasFleet = options.Fleet is null || FleetFiles.Open(options.Fleet, log.FleetFileIsWrong) is not null;
        return IsServed(options) & PairSettings.MakeSense(options, log) && loops.Length == 0 && hasPorts && hasFleet;
    }

    // Another socket for one server would not show where the relay's addresses are listed.
    private bool IsServed(Options options)
    {
        bool valid = true;
        foreach (ServerOptions server in options.Servers)
        {
            if (server.Listen is { } listen && !options.Listen.Hold(listen, out IPEndPoint? missing))
            {
                log.ServerListensElsewhere(server.Name, missing!, options.Listen.ToString());
                valid = false;
            }
        }

        return valid;
    }

    private void WarnOfUnknown()
    {
        string[] known = [.. OptionTable.Rows.Select(row => row.Variable)];
        IEnumerable<string> unknown = environment.Keys.OfType<string>()
            .Where(name => name.StartsWith(OptionTable.Prefix, StringComparison.OrdinalIgnoreCase) || SettingHint.LooksLikeOurs(name))
            .Except(known, StringComparer.Ordinal)
            .Order(StringComparer.Ordinal);
        foreach (string name in unknown)
        {
            string? nearest = Spelling.Nearest(name, known);
            string hint = FormerVariables.GetValueOrDefault(name)
                ?? (nearest is null ? string.Empty : $"did you mean {nearest}?") + SettingHint.For(name, isHost: false);
            log.UnknownVariable(name, hint.Length == 0 ? null : hint.TrimStart(';', ' '));
        }
    }
}
