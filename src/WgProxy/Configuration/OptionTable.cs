using System.Globalization;
using System.Net;
using System.Text;
using WgProxy.Core.Protocol;
using WgProxy.Linux.Send;
using WgProxy.Linux.Workers;
using WgProxy.Logging;

namespace WgProxy.Configuration;

/// <summary>Every option there is. Flags, variables, help and the table in docs/options.md all come from these rows.</summary>
internal static class OptionTable
{
    /// <summary>What all variables of the program begin with.</summary>
    public const string Prefix = "WGPROXY_";

    // First: each row below enters itself.
    private static readonly List<OptionRow> List = [];

    /// <summary>The server.</summary>
    public static readonly OptionRow<ServerName> Server = Add<ServerName>(new(
        "--server",
        "WGPROXY_SERVER",
        "HOST:PORT",
        null,
        SettingParser.ServerForm,
        "The WireGuard server. A name is resolved in the background, at start, every 60 seconds and when the server falls silent; "
            + "all its addresses are tried. A link-local address names its interface, as in [fe80::1%eth0]:51820.",
        SettingParser.TryParseServer));

    /// <summary>The server's public key.</summary>
    public static readonly OptionRow<PublicKey> Key = Add<PublicKey>(new(
        "--public-key",
        "WGPROXY_PUBKEY",
        "KEY",
        null,
        "32 bytes in base64 (44 characters, as `wg pubkey` prints)",
        "The server's public key. Only initiations made for this key are let through.",
        SettingParser.TryParseKey));

    /// <summary>Where clients send to.</summary>
    public static readonly OptionRow<IPEndPoint> Listen = Add<IPEndPoint>(new(
        "--listen",
        "WGPROXY_LISTEN",
        "ADDRESS:PORT",
        "[::]:51820",
        SettingParser.ListenForm,
        "Where clients send to. [::] means every address of this host, IPv4 and IPv6; port 0 means any free port.",
        SettingParser.TryParseListen));

    /// <summary>The idle timeout.</summary>
    public static readonly OptionRow<TimeSpan> Timeout = Add<TimeSpan>(new(
        "--timeout",
        "WGPROXY_TIMEOUT",
        "SECONDS",
        "300",
        $"a whole number of seconds from 1 to {SettingParser.LongestTimeout}",
        "How long an idle tunnel is kept. For 180 s more the server can still reach its client by a new handshake; then only once the client has sent again.",
        SettingParser.TryParseTimeout));

    /// <summary>The most mappings.</summary>
    public static readonly OptionRow<int> MaxMappings = Add<int>(new(
        "--max-mappings",
        "WGPROXY_MAX_MAPPINGS",
        "NUMBER",
        "16384",
        $"a whole number from 1 to {SettingParser.MostMappings}",
        "How many clients at most, each with a socket and a port; fewer where ports or open files are fewer.",
        SettingParser.TryParseMaxMappings));

    /// <summary>Who may open mappings.</summary>
    public static readonly OptionRow<AddressList> Allow = Add<AddressList>(new(
        "--allow",
        "WGPROXY_ALLOW",
        "PREFIXES",
        "any",
        $"any, or {SettingParser.PrefixForm}",
        "Whose clients may open mappings, by address.",
        SettingParser.TryParseAllow));

    /// <summary>Who may not open mappings.</summary>
    public static readonly OptionRow<AddressList> Deny = Add<AddressList>(new(
        "--deny",
        "WGPROXY_DENY",
        "PREFIXES",
        "none",
        $"none, or {SettingParser.PrefixForm}",
        "Whose clients may not open mappings, by address; goes before those allowed.",
        SettingParser.TryParseDeny));

    /// <summary>Whether data with an unknown index may open a mapping.</summary>
    public static readonly OptionRow<bool> Adopt = Add<bool>(new(
        "--adopt",
        "WGPROXY_ADOPT",
        "on|off",
        "off",
        "on or off",
        "Whether data of an unknown tunnel may open a mapping on probation, within a small budget: for relays that "
            + "share an address but no state.",
        SettingParser.TryParseSwitch));

    /// <summary>The log level.</summary>
    public static readonly OptionRow<LogLevel> Level = Add<LogLevel>(new(
        "--log-level",
        "WGPROXY_LOGLEVEL",
        "0-3",
        "2",
        "0 (errors), 1 (and warnings), 2 (and information) or 3 (and debugging)",
        "How much is logged on standard error, from 0 (errors) to 3 (everything).",
        SettingParser.TryParseLevel));

    /// <summary>What moves the datagrams.</summary>
    public static readonly OptionRow<EngineKind> Engine = Add<EngineKind>(new(
        "--engine",
        "WGPROXY_ENGINE",
        "linux|portable",
        OperatingSystem.IsLinux() ? "linux" : "portable",
        "linux (on Linux only) or portable",
        "What moves the datagrams: linux is fast and runs on Linux only, portable runs everywhere and is the default "
            + "elsewhere.",
        SettingParser.TryParseEngine));

    /// <summary>Whether the kernel joins and cuts datagrams.</summary>
    public static readonly OptionRow<bool> Segmentation = Add<bool>(new(
        "--offload",
        "WGPROXY_OFFLOAD",
        "auto|off",
        "auto",
        "auto or off",
        "Whether the linux engine lets the kernel join datagrams on receiving (GRO), cut them on sending (GSO) and take many sends in one call (io_uring). "
            + "Try off if a network card or a virtual machine's host corrupts what was joined.",
        SettingParser.TryParseOffload));

    /// <summary>How many threads relay.</summary>
    public static readonly OptionRow<int> Workers = Add<int>(new(
        "--workers",
        "WGPROXY_WORKERS",
        "NUMBER",
        "auto",
        $"auto or a whole number from 1 to {SettingParser.MostWorkers}",
        "How many threads the linux engine relays with, each with its own sockets; auto goes by the processors.",
        SettingParser.TryParseWorkers));

    /// <summary>How long a worker looks for more before it sleeps; null for where it pays.</summary>
    public static readonly OptionRow<TimeSpan?> BusyPoll = Add<TimeSpan?>(new(
        "--busy-poll",
        "WGPROXY_BUSY_POLL",
        "MICROSECONDS",
        "auto",
        $"auto or a whole number of microseconds from 0 to {SettingParser.LongestBusyPoll}",
        "How long a thread of the linux engine goes on looking for more before it sleeps, after each turn; 0 never, auto "
            + "for 5, and for 50 while two ends take turns and there are two processors. More than that shortens round trips "
            + "on hosts that wake slowly and keeps a processor busy.",
        SettingParser.TryParseBusyPoll));

    /// <summary>The rows, in the order in which they stand here and help shows them.</summary>
    public static IReadOnlyList<OptionRow> Rows => List;

    /// <summary>The rows as a Markdown table, as docs/options.md shows it.</summary>
    public static string ToMarkdown()
    {
        StringBuilder table = new("| Flag | Variable | Default | What it sets |\n| --- | --- | --- | --- |\n");
        foreach (OptionRow row in Rows)
        {
            string standIn = row.Default is null ? "required" : $"`{row.Default}`";
            _ = table.Append($"| `{row.Flag} {row.Unit.Replace("|", "\\|", StringComparison.Ordinal)}` | `{row.Variable}` | {standIn} | {row.Help} |\n");
        }

        return table.ToString();
    }

    private static OptionRow<T> Add<T>(OptionRow<T> row)
    {
        List.Add(row);
        return row;
    }
}
