using System.Collections;
using System.Net;
using WgProxy.Core.Engine;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Hosting;
using WgProxy.Linux.Native;
using WgProxy.Logging;

namespace WgProxy.Configuration;

/// <summary>The settings of one run, valid by construction.</summary>
internal sealed class Options
{
    // REKEY_AFTER_TIME: while both ends of a tunnel use it, WireGuard renews its keys every 120 s, and by that speaks.
    // With less, a tunnel that both ends still hold keys for may be gone here, and the server cannot reach its client.
    private static readonly TimeSpan ShortTimeout = TimeSpan.FromSeconds(120);

    private static readonly Dictionary<string, string> FormerVariables = new(StringComparer.Ordinal)
    {
        ["WGPROXY_PORTS"] = "this release listens on one port for all clients: use one WGPROXY_LISTEN",
        ["WGPROXY_PUBKEYS"] = "this release serves one server: use one WGPROXY_PUBKEY",
    };

    private readonly IReadOnlyDictionary<OptionRow, object?> _values;

    private Options(IReadOnlyDictionary<OptionRow, object?> values) => _values = values;

    /// <summary>The server.</summary>
    public ServerName Server => Of(OptionTable.Server);

    /// <summary>The server's public key.</summary>
    public PublicKey Key => Of(OptionTable.Key);

    /// <summary>Where clients send to.</summary>
    public IPEndPoint Listen => Of(OptionTable.Listen);

    /// <summary>How long an idle tunnel is kept.</summary>
    public TimeSpan Timeout => Of(OptionTable.Timeout);

    /// <summary>What moves the datagrams.</summary>
    public EngineKind Engine => Of(OptionTable.Engine);

    /// <summary>Whether the kernel may join and cut datagrams.</summary>
    public bool Segmentation => Of(OptionTable.Segmentation);

    /// <summary>How many threads relay; 0 for as many as suit this host.</summary>
    public int Workers => Of(OptionTable.Workers);

    /// <summary>How long a worker looks for more before it sleeps; null for where it pays.</summary>
    public TimeSpan? BusyPoll => Of(OptionTable.BusyPoll);

    /// <summary>The most mappings.</summary>
    public int MaxMappings => Of(OptionTable.MaxMappings);

    /// <summary>Whose clients may open mappings.</summary>
    public AddressList Allow => Of(OptionTable.Allow);

    /// <summary>Whose clients may not.</summary>
    public AddressList Deny => Of(OptionTable.Deny);

    /// <summary>Whether data of an unknown tunnel may open a mapping on probation.</summary>
    public bool Adopt => Of(OptionTable.Adopt);

    /// <summary>Where the relay keeps what outlives it: auto, none or a path.</summary>
    public string StateDirectory => Of(OptionTable.StateDirectory);

    /// <summary>Reads the settings; null if one is missing or wrong. Sets the log's level first, then says everything
    /// that is to be said about the others.</summary>
    /// <param name="line">A valid command line.</param>
    /// <param name="environment">The environment, names to texts.</param>
    /// <param name="log">Where errors and warnings go.</param>
    public static Options? Read(CommandLine line, IDictionary environment, Log log)
    {
        Dictionary<OptionRow, object?> values = [];
        Reader reader = new(line, environment, log, values);
        bool valid = reader.TryRead(OptionTable.Level);
        log.Level = valid ? (LogLevel)values[OptionTable.Level]! : log.Level;
        WarnOfUnknown(environment, log);
        foreach (OptionRow row in OptionTable.Rows)
        {
            valid &= row == OptionTable.Level || reader.TryRead(row);
        }

        Options options = new(values);
        return valid && options.MakeSense(log) ? options : null;
    }

    /// <summary>What an engine is told to serve this route.</summary>
    public EngineSettings ForEngine(Route route, Capacity capacity) => new()
    {
        Listen = Listen,
        Routes = [route],
        Ports = capacity.Ports.Numbers,
        Seeds = RandomBits.DrawSeeds(),
        Mac1Matcher = NativeMac1Matcher.All is [IMac1Matcher best, ..] ? best : Mac1Matchers.Best,
        Subnets = AttachedSubnets.OfThisHost,
        Relay = RelaySettings.ForMappings(capacity.Mappings) with
        {
            IdleTimeout = Timeout,
            Allow = Allow,
            Deny = Deny,
            Adopt = Adopt,
        },
    };

    private T Of<T>(OptionRow<T> row) => (T)_values[row]!;

    /// <summary>What no setting shows alone.</summary>
    private bool MakeSense(Log log)
    {
        if (Timeout < ShortTimeout)
        {
            log.TimeoutIsShort(Timeout, ShortTimeout);
        }

        OwnAddresses own = new([Listen], OwnAddresses.OfThisHost);
        if (Server.Address is { } address && own.Contains(address, Server.Port))
        {
            log.ServerIsRelay(Server, address);
            return false;
        }

        return true;
    }

    private static void WarnOfUnknown(IDictionary environment, Log log)
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

    private sealed class Reader(CommandLine line, IDictionary environment, Log log, Dictionary<OptionRow, object?> values)
    {
        /// <summary>Reads one setting. If it is missing or wrong, says so, and goes on.</summary>
        public bool TryRead(OptionRow row)
        {
            string? text = line[row]?.Trim() ?? FromEnvironment(row) ?? row.Default;
            if (text is null)
            {
                log.SettingIsMissing(row);
                return false;
            }

            if (row.TryParse(text, out object? value, out string? refusal))
            {
                values[row] = value;
                return true;
            }

            log.SettingIsWrong(row, text, refusal);
            return false;
        }

        private string? FromEnvironment(OptionRow row)
        {
            string? text = (environment[row.Variable] as string)?.Trim();
            if (text is not "")
            {
                return text;
            }

            if (row.Default is not null)
            {
                log.VariableIsEmpty(row, row.Default);
            }

            return null;
        }
    }
}
