using System.Globalization;
using System.Net;
using System.Text;
using WgProxy.Core.Protocol;

namespace WgProxy;

/// <summary>Every option there is. Flags, variables, help and the README's table all come from these rows.</summary>
internal static class OptionTable
{
    /// <summary>What all variables of the program begin with.</summary>
    public const string Prefix = "WGPROXY_";

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
        "The WireGuard server. A name is resolved in the background, at start and every 60 seconds.",
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
        "How long an idle tunnel is kept. After it, the server can reach a client only once the client has sent again.",
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

    /// <summary>The rows, in the order in which help shows them.</summary>
    public static IReadOnlyList<OptionRow> Rows { get; } = [Server, Key, Listen, Timeout, Adopt, Level];

    /// <summary>The rows as a Markdown table, as the README shows it.</summary>
    public static string ToMarkdown()
    {
        StringBuilder table = new("| Flag | Variable | Default | What it sets |\n| --- | --- | --- | --- |\n");
        foreach (OptionRow row in Rows)
        {
            string standIn = row.Default is null ? "required" : $"`{row.Default}`";
            _ = table.Append($"| `{row.Flag} {row.Unit}` | `{row.Variable}` | {standIn} | {row.Help} |\n");
        }

        return table.ToString();
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
}
