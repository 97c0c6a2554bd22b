using System.Collections;
using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Engine;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Fleet;
using WgProxy.Hosting;
using WgProxy.Linux.Native;
using WgProxy.Logging;

namespace WgProxy.Configuration;

/// <summary>The settings of one run, valid by construction.</summary>
internal sealed class Options
{
    private readonly IReadOnlyDictionary<OptionRow, object?> _values;

    /// <summary>Settings that an <see cref="OptionsReader"/> has read.</summary>
    /// <param name="values">A value for each row that applies.</param>
    /// <param name="servers">The servers, one at least.</param>
    /// <param name="file">The configuration file that was read; null for none.</param>
    public Options(IReadOnlyDictionary<OptionRow, object?> values, IReadOnlyList<ServerOptions> servers, string? file) =>
        (_values, Servers, File) = (values, servers, file);

    /// <summary>The servers, one at least; doctor also does without.</summary>
    public IReadOnlyList<ServerOptions> Servers { get; }

    /// <summary>The configuration file that was read; null for none.</summary>
    public string? File { get; }

    /// <summary>The relay's part in a fleet; null for none.</summary>
    public FleetSettings? Fleet { get; init; }

    /// <summary>The rows that have the value of the table, because the operator gave none.</summary>
    public IReadOnlySet<OptionRow> Defaults { get; init; } = new HashSet<OptionRow>();

    /// <summary>Where clients send to.</summary>
    public ListenAddresses Listen => Of(OptionTable.Listen);

    /// <summary>How long an idle tunnel is kept.</summary>
    public TimeSpan Timeout => Of(OptionTable.Timeout);

    /// <summary>The log level.</summary>
    public LogLevel Level => Of(OptionTable.Level);

    /// <summary>How much of an address the log tells.</summary>
    public LogAddresses LogAddresses => Of(OptionTable.LogAddresses);

    /// <summary>What moves the datagrams.</summary>
    public EngineKind Engine => Of(OptionTable.Engine);

    /// <summary>Whether the kernel may join and cut datagrams.</summary>
    public bool Segmentation => Of(OptionTable.Segmentation);

    /// <summary>How many threads relay; 0 for as many as suit this host.</summary>
    public int Workers => Of(OptionTable.Workers);

    /// <summary>How long a worker looks for more before it sleeps; null for where it pays.</summary>
    public TimeSpan? BusyPoll => Of(OptionTable.BusyPoll);

    /// <summary>What upstream sockets are bound to, beside their ports.</summary>
    public UpstreamBinding Binding => new()
    {
        Addresses = Of(OptionTable.UpstreamAddress).Prefixes,
        Mark = Of(OptionTable.Mark),
        Device = Of(OptionTable.UpstreamDevice),
    };

    /// <summary>The ports that upstream sockets may use; null for those that the system gives to any program.</summary>
    public (ushort First, ushort Last)? UpstreamPorts => Of(OptionTable.UpstreamPorts);

    /// <summary>The IP version whose addresses of the server come first; null for the system's order.</summary>
    public AddressFamily? PreferredFamily => Of(OptionTable.Prefer) ?? OnlyFamilyOf(Of(OptionTable.UpstreamAddress).Prefixes);

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

    /// <summary>The socket by which the relay is asked and told: auto, off or a path.</summary>
    public string Control => Of(OptionTable.Control);

    /// <summary>The group that may ask by it: none, a name or a number.</summary>
    public string ControlGroup => Of(OptionTable.ControlGroup);

    /// <summary>Where the relay answers over TCP; null for nowhere.</summary>
    public IPEndPoint? Metrics => Of(OptionTable.Metrics);

    /// <summary>The names by which it may be asked there.</summary>
    public NameList MetricsHosts => Of(OptionTable.MetricsHosts);

    /// <summary>Whether it shows clients' addresses there.</summary>
    public bool MetricsSessions => Of(OptionTable.MetricsSessions);

    /// <summary>Reads the settings; null if one is missing or wrong. See <see cref="OptionsReader"/>.</summary>
    public static Options? Read(CommandLine line, IDictionary environment, Log log) =>
        new OptionsReader(line, environment, log).Read();

    /// <summary>The options, of those that are read at the start only, that differ.</summary>
    public IEnumerable<OptionRow> FixedDifferences(Options other) =>
        _values.Keys.Where(row => !row.CanChange && !Equals(_values[row], other._values.GetValueOrDefault(row)));

    /// <summary>What an engine is told to serve these routes.</summary>
    public EngineSettings ForEngine(RouteList routes, Capacity capacity) => new()
    {
        Listen = Listen.All,
        Routes = routes,
        Ports = capacity.Ports.Numbers,
        Binding = Binding,
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

    // With source addresses of one IP version, the server's addresses of the other cannot be used.
    private static AddressFamily? OnlyFamilyOf(IReadOnlyList<IPNetwork> sources) =>
        sources.Select(source => source.BaseAddress.AddressFamily).Distinct().ToArray() is [AddressFamily only] ? only : null;

    private T Of<T>(OptionRow<T> row) => (T)_values[row]!;
}
