using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using WgProxy.Core;
using WgProxy.Core.Engine;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Hosting;
using WgProxy.Linux;
using WgProxy.Linux.Send;
using WgProxy.Linux.Workers;
using WgProxy.Logging;

namespace WgProxy.Configuration;

/// <summary>The settings of one run, valid by construction.</summary>
internal sealed record Options
{
    // REKEY_AFTER_TIME: while both ends of a tunnel use it, WireGuard renews its keys every 120 s, and by that speaks.
    // With less, a tunnel that both ends still hold keys for may be gone here, and the server cannot reach its client.
    private static readonly TimeSpan ShortTimeout = TimeSpan.FromSeconds(120);

    private static readonly Dictionary<string, string> FormerVariables = new(StringComparer.Ordinal)
    {
        ["WGPROXY_PORTS"] = "this release listens on one port for all clients: use one WGPROXY_LISTEN",
        ["WGPROXY_PUBKEYS"] = "this release serves one server: use one WGPROXY_PUBKEY",
    };

    private Options()
    {
    }

    /// <summary>The server.</summary>
    public required ServerName Server { get; init; }

    /// <summary>The server's public key.</summary>
    public required PublicKey Key { get; init; }

    /// <summary>Where clients send to.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>How long an idle tunnel is kept.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>What moves the datagrams.</summary>
    public required EngineKind Engine { get; init; }

    /// <summary>Whether the kernel may join and cut datagrams.</summary>
    public required bool Segmentation { get; init; }

    /// <summary>How many threads relay; 0 for as many as suit this host.</summary>
    public required int Workers { get; init; }

    /// <summary>How long a worker looks for more before it sleeps; null for where it pays.</summary>
    public required TimeSpan? BusyPoll { get; init; }

    /// <summary>The most mappings.</summary>
    public required int MaxMappings { get; init; }

    /// <summary>Whose clients may open mappings.</summary>
    public required AddressList Allow { get; init; }

    /// <summary>Whose clients may not.</summary>
    public required AddressList Deny { get; init; }

    /// <summary>Whether data of an unknown tunnel may open a mapping on probation.</summary>
    public required bool Adopt { get; init; }

    /// <summary>Reads the settings; null if one is missing or wrong. Sets the log's level first, then says everything
    /// that is to be said about the others.</summary>
    /// <param name="line">A valid command line.</param>
    /// <param name="environment">The environment, names to texts.</param>
    /// <param name="log">Where errors and warnings go.</param>
    public static Options? Read(CommandLine line, IDictionary environment, Log log)
    {
        Reader reader = new(line, environment, log);
        bool levelValid = reader.TryTake(OptionTable.Level, out LogLevel level);
        log.Level = levelValid ? level : log.Level;
        WarnOfUnknown(environment, log);
        bool valid = reader.TryTake(OptionTable.Server, out ServerName? server)
            & reader.TryTake(OptionTable.Key, out PublicKey? key)
            & reader.TryTake(OptionTable.Listen, out IPEndPoint? listen)
            & reader.TryTake(OptionTable.Timeout, out TimeSpan timeout)
            & reader.TryTake(OptionTable.MaxMappings, out int maxMappings)
            & reader.TryTake(OptionTable.Allow, out AddressList? allow)
            & reader.TryTake(OptionTable.Deny, out AddressList? deny)
            & reader.TryTake(OptionTable.Adopt, out bool adopt)
            & reader.TryTake(OptionTable.Engine, out EngineKind engine)
            & reader.TryTake(OptionTable.Segmentation, out bool offload)
            & reader.TryTake(OptionTable.Workers, out int workers)
            & reader.TryTake(OptionTable.BusyPoll, out TimeSpan? busyPoll)
            & levelValid;
        if (!valid)
        {
            return null;
        }

        if (timeout < ShortTimeout)
        {
            log.TimeoutIsShort(timeout, ShortTimeout);
        }

        OwnAddresses own = new([listen!], OwnAddresses.OfThisHost);
        if (server!.Address is { } address && own.Contains(address, server.Port))
        {
            log.ServerIsRelay(server, address);
            return null;
        }

        return new Options
        {
            Server = server,
            Key = key!,
            Listen = listen!,
            Timeout = timeout,
            Engine = engine,
            Segmentation = offload,
            Workers = workers,
            BusyPoll = busyPoll,
            MaxMappings = maxMappings,
            Allow = allow!,
            Deny = deny!,
            Adopt = adopt,
        };
    }

    /// <summary>What an engine is told to serve this route.</summary>
    public EngineSettings ForEngine(Route route, Capacity capacity) => new()
    {
        Listen = Listen,
        Routes = [route],
        Ports = capacity.Ports.Numbers,
        Relay = RelaySettings.ForMappings(capacity.Mappings) with
        {
            IdleTimeout = Timeout,
            Allow = Allow,
            Deny = Deny,
            Adopt = Adopt,
            CookieSeed = RandomBits.DrawPair(),
            HashSeed = RandomBits.DrawPair(),
        },
    };

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

    private sealed class Reader(CommandLine line, IDictionary environment, Log log)
    {
        public bool TryTake<T>(OptionRow<T> row, [MaybeNullWhen(false)] out T value)
        {
            value = default;
            string? text = line[row]?.Trim() ?? FromEnvironment(row) ?? row.Default;
            if (text is null)
            {
                log.SettingIsMissing(row);
                return false;
            }

            if (row.TryParse(text, out value, out string? refusal))
            {
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
