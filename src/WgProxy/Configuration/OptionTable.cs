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

    private const int MostWorkers = 64;
    private const int LongestBusyPoll = 1_000;
    private const int MostMappings = 60_000;
    private const string PrefixForm = "addresses and prefixes with commas between, such as 192.0.2.0/24,2001:db8::/32";

    private const int LongestTimeout = 31_536_000;

    private const string ServerForm =
        "a name or address with a port, such as vpn.example.com:51820, 192.0.2.1:51820 or [2001:db8::1]:51820";

    private const string ListenForm =
        "an address of this host with a port, such as [::]:51820, 0.0.0.0:51820 or [2001:db8::1]:51820";

    /// <summary>The server.</summary>
    public static readonly OptionRow<ServerName> Server = new(
        "--server",
        "WGPROXY_SERVER",
        "HOST:PORT",
        null,
        ServerForm,
        "The WireGuard server. A name is resolved in the background, at start, every 60 seconds and when the server falls silent; "
            + "all its addresses are tried. A link-local address names its interface, as in [fe80::1%eth0]:51820.",
        TryParseServer);

    /// <summary>The server's public key.</summary>
    public static readonly OptionRow<PublicKey> Key = new(
        "--public-key",
        "WGPROXY_PUBKEY",
        "KEY",
        null,
        "32 bytes in base64 (44 characters, as `wg pubkey` prints)",
        "The server's public key. Only initiations made for this key are let through.",
        TryParseKey);

    /// <summary>Where clients send to.</summary>
    public static readonly OptionRow<IPEndPoint> Listen = new(
        "--listen",
        "WGPROXY_LISTEN",
        "ADDRESS:PORT",
        "[::]:51820",
        ListenForm,
        "Where clients send to. [::] means every address of this host, IPv4 and IPv6; port 0 means any free port.",
        TryParseListen);

    /// <summary>The idle timeout.</summary>
    public static readonly OptionRow<TimeSpan> Timeout = new(
        "--timeout",
        "WGPROXY_TIMEOUT",
        "SECONDS",
        "300",
        $"a whole number of seconds from 1 to {LongestTimeout}",
        "How long an idle tunnel is kept. For 180 s more the server can still reach its client by a new handshake; then only once the client has sent again.",
        TryParseTimeout);

    /// <summary>The log level.</summary>
    public static readonly OptionRow<LogLevel> Level = new(
        "--log-level",
        "WGPROXY_LOGLEVEL",
        "0-3",
        "2",
        "0 (errors), 1 (and warnings), 2 (and information) or 3 (and debugging)",
        "How much is logged on standard error, from 0 (errors) to 3 (everything).",
        TryParseLevel);

    /// <summary>Whether data with an unknown index may open a mapping.</summary>
    public static readonly OptionRow<bool> Adopt = new(
        "--adopt",
        "WGPROXY_ADOPT",
        "on|off",
        "off",
        "on or off",
        "Whether data of an unknown tunnel may open a mapping on probation, within a small budget: for relays that "
            + "share an address but no state.",
        TryParseSwitch);

    /// <summary>What moves the datagrams.</summary>
    public static readonly OptionRow<EngineKind> Engine = new(
        "--engine",
        "WGPROXY_ENGINE",
        "linux|portable",
        OperatingSystem.IsLinux() ? "linux" : "portable",
        "linux (on Linux only) or portable",
        "What moves the datagrams: linux is fast and runs on Linux only, portable runs everywhere and is the default "
            + "elsewhere.",
        TryParseEngine);

    /// <summary>Whether the kernel joins and cuts datagrams.</summary>
    public static readonly OptionRow<bool> Segmentation = new(
        "--offload",
        "WGPROXY_OFFLOAD",
        "auto|off",
        "auto",
        "auto or off",
        "Whether the linux engine lets the kernel join datagrams on receiving (GRO), cut them on sending (GSO) and take many sends in one call (io_uring). "
            + "Try off if a network card or a virtual machine's host corrupts what was joined.",
        TryParseOffload);

    /// <summary>How many threads relay.</summary>
    public static readonly OptionRow<int> Workers = new(
        "--workers",
        "WGPROXY_WORKERS",
        "NUMBER",
        "auto",
        $"auto or a whole number from 1 to {MostWorkers}",
        "How many threads the linux engine relays with, each with its own sockets; auto goes by the processors.",
        TryParseWorkers);

    /// <summary>How long a worker looks for more before it sleeps; null for where it pays.</summary>
    public static readonly OptionRow<TimeSpan?> BusyPoll = new(
        "--busy-poll",
        "WGPROXY_BUSY_POLL",
        "MICROSECONDS",
        "auto",
        $"auto or a whole number of microseconds from 0 to {LongestBusyPoll}",
        "How long a thread of the linux engine goes on looking for more before it sleeps, after each turn; 0 never, auto "
            + "for 5, and for 50 while two ends take turns and there are two processors. More than that shortens round trips "
            + "on hosts that wake slowly and keeps a processor busy.",
        TryParseBusyPoll);

    /// <summary>The most mappings.</summary>
    public static readonly OptionRow<int> MaxMappings = new(
        "--max-mappings",
        "WGPROXY_MAX_MAPPINGS",
        "NUMBER",
        "16384",
        $"a whole number from 1 to {MostMappings}",
        "How many clients at most, each with a socket and a port; fewer where ports or open files are fewer.",
        TryParseMaxMappings);

    /// <summary>Who may open mappings.</summary>
    public static readonly OptionRow<AddressList> Allow = new(
        "--allow",
        "WGPROXY_ALLOW",
        "PREFIXES",
        "any",
        $"any, or {PrefixForm}",
        "Whose clients may open mappings, by address.",
        TryParseAllow);

    /// <summary>Who may not open mappings.</summary>
    public static readonly OptionRow<AddressList> Deny = new(
        "--deny",
        "WGPROXY_DENY",
        "PREFIXES",
        "none",
        $"none, or {PrefixForm}",
        "Whose clients may not open mappings, by address; goes before those allowed.",
        TryParseDeny);

    /// <summary>The rows, in the order in which help shows them.</summary>
    public static IReadOnlyList<OptionRow> Rows { get; } =
        [Server, Key, Listen, Timeout, MaxMappings, Allow, Deny, Adopt, Level, Engine, Segmentation, Workers, BusyPoll];

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

    private static bool TryParseMaxMappings(string text, out int value, out string? refusal)
    {
        refusal = null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value is >= 1 and <= MostMappings;
    }

    private static bool TryParseAllow(string text, out AddressList value, out string? refusal) =>
        TryParsePrefixes(text, nobody: "any", out value, out refusal);

    private static bool TryParseDeny(string text, out AddressList value, out string? refusal) =>
        TryParsePrefixes(text, nobody: "none", out value, out refusal);

    private static bool TryParsePrefixes(string text, string nobody, out AddressList value, out string? refusal)
    {
        const StringSplitOptions Clean = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        List<IPNetwork> prefixes = [];
        value = AddressList.Empty;
        refusal = null;
        if (string.Equals(text, nobody, StringComparison.Ordinal))
        {
            return true;
        }

        foreach (string each in text.Split([',', ' '], Clean))
        {
            // Not what the framework takes for an address too: of 010.0.0.0/8 it makes 8.0.0.0/8.
            string[] parts = each.Split('/', 2);
            if (!EndPointText.TryParseAddress(parts[0], parts[0].Contains(':', StringComparison.Ordinal), out IPAddress? address)
                || !IPNetwork.TryParse(parts.Length == 2 ? each : $"{each}/{address.GetAddressBytes().Length * 8}", out IPNetwork parsed))
            {
                refusal = $"\"{each}\" is no address prefix; expected {nobody}, or {PrefixForm}";
                return false;
            }

            prefixes.Add(parsed);
        }

        value = new AddressList(prefixes);
        return prefixes.Count > 0;
    }

    private static bool TryParseServer(string text, out ServerName value, out string? refusal)
    {
        bool valid = ServerName.TryParse(text, out value, out string? detail);
        refusal = valid ? null : $"{detail}; expected {ServerForm}";
        return valid;
    }

    private static bool TryParseListen(string text, out IPEndPoint value, out string? refusal)
    {
        bool valid = EndPointText.TryParse(text, out value, out string? detail);
        refusal = valid ? null : $"{detail}; expected {ListenForm}";
        return valid;
    }

    private static bool TryParseKey(string text, out PublicKey value, out string? refusal)
    {
        bool valid = PublicKey.TryParse(text, out PublicKey? key, out refusal);
        value = key!;
        return valid;
    }

    private static bool TryParseTimeout(string text, out TimeSpan value, out string? refusal)
    {
        refusal = null;
        bool valid = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)
            && seconds is >= 1 and <= LongestTimeout;
        value = TimeSpan.FromSeconds(seconds);
        return valid;
    }

    private static bool TryParseSwitch(string text, out bool value, out string? detail)
    {
        detail = null;
        value = text is "on";
        return text is "on" or "off";
    }

    private static bool TryParseLevel(string text, out LogLevel value, out string? refusal)
    {
        refusal = null;
        value = text is [>= '0' and <= '3'] ? (LogLevel)(text[0] - '0') : LogLevel.Info;
        return text is [>= '0' and <= '3'];
    }

    private static bool TryParseEngine(string text, out EngineKind value, out string? detail)
    {
        detail = null;
        value = text is "linux" ? EngineKind.Linux : EngineKind.Portable;
        return text is "portable" || (text is "linux" && OperatingSystem.IsLinux());
    }

    private static bool TryParseOffload(string text, out bool value, out string? detail)
    {
        detail = null;
        value = text is "auto";
        return text is "auto" or "off";
    }

    private static bool TryParseBusyPoll(string text, out TimeSpan? value, out string? detail)
    {
        detail = null;
        bool valid = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int microseconds)
            && microseconds <= LongestBusyPoll;
        value = valid ? TimeSpan.FromMicroseconds(microseconds) : null;
        return valid || text is "auto";
    }

    private static bool TryParseWorkers(string text, out int value, out string? detail)
    {
        detail = null;
        value = 0;
        return text is "auto"
            || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value)
                && value is >= 1 and <= MostWorkers);
    }
}
