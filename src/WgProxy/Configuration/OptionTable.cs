using System.Net;
using System.Net.Sockets;
using System.Text;
using WgProxy.Core.Protocol;
using WgProxy.Logging;

namespace WgProxy.Configuration;

/// <summary>Every option there is. Flags, variables, help and the table in docs/options.md all come from these rows.</summary>
internal static class OptionTable
{
    /// <summary>The prefix of every variable of the program.</summary>
    public const string Prefix = "WGPROXY_";

    // The first field, because each row below adds itself.
    private static readonly List<OptionRow> List = [];

    /// <summary>The configuration file.</summary>
    public static readonly OptionRow<string> Config = Add<string>(new(
        "--config",
        "WGPROXY_CONFIG",
        "FILE",
        "none",
        "the path of a file",
        $"A configuration file. Without this option, the relay reads {ConfigFile.Default} if that file exists and neither --server nor --public-key is set.",
        SettingParser.TryParsePath)
    {
        Sections = FileSections.None,
    });

    /// <summary>The server.</summary>
    public static readonly OptionRow<ServerName> Server = Add<ServerName>(new(
        "--server",
        "WGPROXY_SERVER",
        "HOST:PORT",
        null,
        SettingParser.ServerForm,
        "The WireGuard server. The relay resolves a name at start, every 60 seconds, and when the server falls silent. It tries up "
            + "to four IPv4 and four IPv6 addresses of the name. A link-local address names its interface, as in [fe80::1%eth0]:51820.",
        SettingParser.TryParseServer)
    {
        Key = "Endpoint",
        Sections = FileSections.Server,
    });

    /// <summary>The server's public key.</summary>
    public static readonly OptionRow<PublicKey> Key = Add<PublicKey>(new(
        "--public-key",
        "WGPROXY_PUBKEY",
        "KEY",
        null,
        "32 bytes in base64 (44 characters, as `wg pubkey` prints)",
        "The server's public key. The relay accepts for this server only initiations made for its key.",
        SettingParser.TryParseKey)
    {
        Sections = FileSections.Server,
    });

    /// <summary>Where clients send to.</summary>
    public static readonly OptionRow<ListenAddresses> Listen = Add<ListenAddresses>(new(
        "--listen",
        "WGPROXY_LISTEN",
        "ADDRESSES",
        "[::]:51820",
        SettingParser.ListenForm,
        "The addresses and ports that clients use, with commas between. [::] means every address of this host, IPv4 and IPv6. Port 0 means any free port. "
            + $"A range such as 0.0.0.0:4500-4510 has up to {ListenAddresses.MostOfRange} ports; docs/listen.md says how one port serves more.",
        ListenAddresses.TryParse)
    {
        CanChange = true,
        Sections = FileSections.Relay | FileSections.Server,
        IsList = true,
    });

    /// <summary>The idle timeout.</summary>
    public static readonly OptionRow<TimeSpan> Timeout = Add<TimeSpan>(new(
        "--timeout",
        "WGPROXY_TIMEOUT",
        "SECONDS",
        "300",
        $"a whole number of seconds from 1 to {SettingParser.LongestTimeout}",
        "How long an idle tunnel is kept. For another 180 s, the server can still reach its client by a new handshake. After that, the client must send first.",
        SettingParser.TryParseTimeout)
    {
        CanChange = true,
        Sections = FileSections.Relay | FileSections.Server,
    });

    /// <summary>The most mappings.</summary>
    public static readonly OptionRow<int> MaxMappings = Add<int>(new(
        "--max-mappings",
        "WGPROXY_MAX_MAPPINGS",
        "NUMBER",
        "16384",
        $"a whole number from 1 to {SettingParser.MostMappings}",
        "The most mappings at once: one for each client of each server, and more while a client moves. Each needs a socket and a port, so the limits on ports and open files may allow fewer.",
        SettingParser.TryParseMaxMappings));

    /// <summary>The client addresses that may open mappings.</summary>
    public static readonly OptionRow<AddressList> Allow = Add<AddressList>(new(
        "--allow",
        "WGPROXY_ALLOW",
        "PREFIXES",
        "any",
        $"any, or {SettingParser.PrefixForm}",
        "The client addresses that may open mappings.",
        SettingParser.TryParseAllow)
    {
        Sections = FileSections.Relay | FileSections.Server,
        IsList = true,
    });

    /// <summary>The client addresses that may not open mappings.</summary>
    public static readonly OptionRow<AddressList> Deny = Add<AddressList>(new(
        "--deny",
        "WGPROXY_DENY",
        "PREFIXES",
        "none",
        $"none, or {SettingParser.PrefixForm}",
        "The client addresses that may not open mappings. This list takes precedence over --allow.",
        SettingParser.TryParseDeny)
    {
        Sections = FileSections.Relay | FileSections.Server,
        IsList = true,
    });

    /// <summary>Whether data with an unknown index may open a mapping.</summary>
    public static readonly OptionRow<bool> Adopt = Add<bool>(new(
        "--adopt",
        "WGPROXY_ADOPT",
        "on|off",
        "off",
        "on or off",
        "Whether data of an unknown tunnel may open a mapping on probation, within a small budget. For relays that "
            + "share an address but no state. It has no effect with several servers, or for a server with PeersOnly.",
        SettingParser.TryParseSwitch));

    /// <summary>Where the relay keeps what outlives it.</summary>
    public static readonly OptionRow<string> StateDirectory = Add<string>(new(
        "--state-directory",
        "WGPROXY_STATE_DIRECTORY",
        "PATH",
        "auto",
        "auto, none or an absolute path, such as /var/lib/wgproxy",
        "The directory in which the relay keeps its mappings and accounts, so that tunnels and figures go on after a restart. auto is the first path of "
            + "$STATE_DIRECTORY, which systemd sets for StateDirectory=, and none where that is not set.",
        SettingParser.TryParseStateDirectory));

    /// <summary>The socket by which the relay is asked and told.</summary>
    public static readonly OptionRow<string> Control = Add<string>(new(
        "--control",
        "WGPROXY_CONTROL",
        "PATH",
        "auto",
        $"auto, off or an absolute path of at most {SettingParser.LongestSocketPath} bytes, such as /run/wgproxy/control.sock",
        "The Unix socket on which the relay answers HTTP requests about itself, and takes orders. auto is control.sock in the first path of "
            + "$RUNTIME_DIRECTORY, which systemd sets for RuntimeDirectory=, else /run/wgproxy/control.sock; and off where that cannot be made.",
        SettingParser.TryParseControl));

    /// <summary>The group that may ask by the socket.</summary>
    public static readonly OptionRow<string> ControlGroup = Add<string>(new(
        "--control-group",
        "WGPROXY_CONTROL_GROUP",
        "GROUP",
        "none",
        "none, or the name or number of a group",
        "The group whose members may ask by the control socket. Only root and the user by whose rights the relay runs may give orders.",
        SettingParser.TryParseGroup));

    /// <summary>Where the relay answers over TCP.</summary>
    public static readonly OptionRow<IPEndPoint?> Metrics = Add<IPEndPoint?>(new(
        "--metrics",
        "WGPROXY_METRICS",
        "ADDRESS:PORT",
        "off",
        $"off, or {SettingParser.ListenForm.Replace("51820", "9586", StringComparison.Ordinal)}",
        "The TCP address and port at which the relay answers HTTP requests about itself to everybody who can reach it. It takes no orders there.",
        SettingParser.TryParseMetrics));

    /// <summary>The names by which it may be asked there.</summary>
    public static readonly OptionRow<NameList> MetricsHosts = Add<NameList>(new(
        "--metrics-hosts",
        "WGPROXY_METRICS_HOSTS",
        "NAMES",
        "none",
        "none, or names of this host with commas between, such as relay.example.com,relay",
        "The names of this host in requests to --metrics. A request by any other name is refused, because a browser can be led here by one. "
            + "Addresses and localhost are always taken.",
        SettingParser.TryParseNames)
    {
        IsList = true,
    });

    /// <summary>Whether it shows clients' addresses there.</summary>
    public static readonly OptionRow<bool> MetricsSessions = Add<bool>(new(
        "--metrics-sessions",
        "WGPROXY_METRICS_SESSIONS",
        "yes|no",
        "no",
        "yes or no",
        "Whether --metrics also shows mappings, with their clients' addresses.",
        SettingParser.TryParseYes));

    /// <summary>The source addresses of upstream sockets.</summary>
    public static readonly OptionRow<SourcePrefixes> UpstreamAddress = Add<SourcePrefixes>(new(
        "--upstream-address",
        "WGPROXY_UPSTREAM_ADDRESS",
        "PREFIXES",
        "any",
        $"any, or {SettingParser.PrefixForm}",
        "The source addresses of what the relay sends to the server. Each mapping draws one at random. A prefix must be routed to this host "
            + "(ip route add local PREFIX dev lo). An IP version without an address here is not used. any leaves the choice to the system.",
        BindingParser.TryParseAddresses)
    {
        IsList = true,
    });

    /// <summary>The local ports of upstream sockets.</summary>
    public static readonly OptionRow<(ushort First, ushort Last)?> UpstreamPorts = Add<(ushort First, ushort Last)?>(new(
        "--upstream-ports",
        "WGPROXY_UPSTREAM_PORTS",
        "FIRST-LAST",
        "auto",
        $"auto, or {BindingParser.PortsForm}",
        "The source ports of what the relay sends to the server. Each mapping draws one at random. auto means those that the system gives to any "
            + "program, without reserved ones.",
        BindingParser.TryParsePorts));

    /// <summary>The mark of what is sent to the server.</summary>
    public static readonly OptionRow<uint> Mark = Add<uint>(new(
        "--fwmark",
        "WGPROXY_FWMARK",
        "MARK",
        "off",
        $"off, or {BindingParser.MarkForm}",
        "The mark of what the relay sends to the server, for routing rules and firewalls, as FwMark is in WireGuard. Needs Linux and a capability.",
        BindingParser.TryParseMark)
    {
        Key = "FwMark",
    });

    /// <summary>The interface by which the server is reached.</summary>
    public static readonly OptionRow<string?> UpstreamDevice = Add<string?>(new(
        "--upstream-device",
        "WGPROXY_UPSTREAM_DEVICE",
        "INTERFACE",
        "any",
        $"any, or {BindingParser.DeviceForm}",
        "The interface or VRF by which the relay reaches the server, whatever other routes say. Needs Linux.",
        BindingParser.TryParseDevice));

    /// <summary>Which of the server's addresses come first.</summary>
    public static readonly OptionRow<AddressFamily?> Prefer = Add<AddressFamily?>(new(
        "--prefer",
        "WGPROXY_PREFER",
        "auto|ipv4|ipv6",
        "auto",
        "auto, ipv4 or ipv6",
        "The IP version that the relay tries first where the server's name has addresses of both. auto follows the system's order (RFC 6724), or the version of --upstream-address, if that has only one.",
        BindingParser.TryParsePreference));

    /// <summary>The log level.</summary>
    public static readonly OptionRow<LogLevel> Level = Add<LogLevel>(new(
        "--log-level",
        "WGPROXY_LOGLEVEL",
        "0-3",
        "2",
        "0 (errors), 1 (and warnings), 2 (and information) or 3 (and debugging)",
        "How much the relay logs to standard error, from 0 (errors) to 3 (everything).",
        SettingParser.TryParseLevel)
    {
        CanChange = true,
    });

    /// <summary>What the log looks like.</summary>
    public static readonly OptionRow<LogFormat> LogFormat = Add<LogFormat>(new(
        "--log-format",
        "WGPROXY_LOGFORMAT",
        "FORMAT",
        "auto",
        "auto, text, json or journald",
        "What the log looks like: auto, text, json or journald. text and json go to standard error, a line for each event. journald sends fields to the journal's own socket. auto does that where "
            + "standard error is the journal, and is text otherwise.",
        SettingParser.TryParseLogFormat));

    /// <summary>How much of an address the log tells.</summary>
    public static readonly OptionRow<LogAddresses> LogAddresses = Add<LogAddresses>(new(
        "--log-addresses",
        "WGPROXY_LOGADDRESSES",
        "AMOUNT",
        "full",
        "full, prefix or none",
        "How much of an address the log tells: full is all of it, prefix the first 24 bits of an IPv4 and 48 of an IPv6 address, none nothing.",
        SettingParser.TryParseLogAddresses)
    {
        CanChange = true,
    });

    /// <summary>What moves the datagrams.</summary>
    public static readonly OptionRow<EngineKind> Engine = Add<EngineKind>(new(
        "--engine",
        "WGPROXY_ENGINE",
        "linux|portable",
        OperatingSystem.IsLinux() ? "linux" : "portable",
        "linux (on Linux only) or portable",
        "The engine that moves the datagrams. linux is fast and needs Linux. portable runs everywhere and is the default on other "
            + "systems.",
        SettingParser.TryParseEngine));

    /// <summary>Whether the kernel joins and cuts datagrams, and takes many sends in one call.</summary>
    public static readonly OptionRow<bool> Segmentation = Add<bool>(new(
        "--offload",
        "WGPROXY_OFFLOAD",
        "auto|off",
        "auto",
        "auto or off",
        "Whether the linux engine uses GRO, GSO and io_uring: the kernel joins datagrams on receiving, cuts them on sending, and takes many sends in one "
            + "call. Try off if a network card or a hypervisor corrupts joined datagrams.",
        SettingParser.TryParseOffload));

    /// <summary>How many threads relay.</summary>
    public static readonly OptionRow<int> Workers = Add<int>(new(
        "--workers",
        "WGPROXY_WORKERS",
        "NUMBER",
        "auto",
        $"auto or a whole number from 1 to {SettingParser.MostWorkers}",
        "The number of worker threads of the linux engine, each with its own sockets. auto follows the number of processors.",
        SettingParser.TryParseWorkers));

    /// <summary>How long a worker polls before it sleeps; null lets the worker decide.</summary>
    public static readonly OptionRow<TimeSpan?> BusyPoll = Add<TimeSpan?>(new(
        "--busy-poll",
        "WGPROXY_BUSY_POLL",
        "MICROSECONDS",
        "auto",
        $"auto or a whole number of microseconds from 0 to {SettingParser.LongestBusyPoll}",
        "How long a worker of the linux engine polls before it sleeps, after a turn that brought data. 0 disables polling. auto polls for 5, or for 50 while two "
            + "ends take turns and the host has two processors. A higher value shortens round trips on hosts that wake slowly, and keeps a "
            + "processor busy.",
        SettingParser.TryParseBusyPoll));

    /// <summary>The rows, in the order in which they stand here and help shows them.</summary>
    public static IReadOnlyList<OptionRow> Rows => List;

    /// <summary>The rows as a Markdown table, as docs/options.md shows it.</summary>
    public static string ToMarkdown()
    {
        StringBuilder table = new("| Flag | Variable | Key in a file | Default | What it sets |\n| --- | --- | --- | --- | --- |\n");
        foreach (OptionRow row in Rows)
        {
            string standIn = row.Default is null ? "required" : $"`{row.Default}`";
            string key = row.Sections == FileSections.None ? "none" : $"`{row.Key}`";
            _ = table.Append($"| `{row.Flag} {row.Unit.Replace("|", "\\|", StringComparison.Ordinal)}` | `{row.Variable}` | {key} | {standIn} | {row.Help} |\n");
        }

        return table.ToString();
    }

    private static OptionRow<T> Add<T>(OptionRow<T> row)
    {
        List.Add(row);
        return row;
    }
}
