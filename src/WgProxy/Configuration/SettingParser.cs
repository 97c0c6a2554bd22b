using System.Globalization;
using System.Net;
using System.Text;
using WgProxy.Core.Protocol;
using WgProxy.Logging;

namespace WgProxy.Configuration;

/// <summary>From the texts of settings to their values, and the bounds that both the parsers and the option table name.</summary>
internal static class SettingParser
{
    /// <summary>Worker threads at most.</summary>
    public const int MostWorkers = 64;

    /// <summary>Microseconds of busy polling at most.</summary>
    public const int LongestBusyPoll = 1_000;

    /// <summary>Mappings at most: there are no more ports.</summary>
    public const int MostMappings = 60_000;

    /// <summary>What a list of prefixes looks like.</summary>
    public const string PrefixForm = "addresses and prefixes with commas between, such as 192.0.2.0/24,2001:db8::/32";

    /// <summary>Seconds of idleness at most: a year.</summary>
    public const int LongestTimeout = 31_536_000;

    /// <summary>Bytes of a Unix socket's path at most: the kernel takes 107, and the socket is made beside it under a longer name.</summary>
    public const int LongestSocketPath = 100;

    /// <summary>What a server looks like.</summary>
    public const string ServerForm =
        "a name or address with a port, such as vpn.example.com:51820, 192.0.2.1:51820 or [2001:db8::1]:51820";

    /// <summary>What an address to listen on looks like.</summary>
    public const string ListenForm =
        "an address of this host with a port, such as [::]:51820, 0.0.0.0:51820 or [2001:db8::1]:51820";

    public static bool TryParsePath(string text, out string value, out string? refusal)
    {
        (value, refusal) = (text, null);
        return text.Length > 0 && !text.Contains('\0', StringComparison.Ordinal);
    }

    public static bool TryParseMaxMappings(string text, out int value, out string? refusal)
    {
        refusal = null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value is >= 1 and <= MostMappings;
    }

    public static bool TryParseAllow(string text, out AddressList value, out string? refusal) =>
        TryParsePrefixes(text, emptyWord: "any", out value, out refusal);

    public static bool TryParseDeny(string text, out AddressList value, out string? refusal) =>
        TryParsePrefixes(text, emptyWord: "none", out value, out refusal);

    private static bool TryParsePrefixes(string text, string emptyWord, out AddressList value, out string? refusal)
    {
        bool valid = TryParsePrefixes(text, emptyWord, out List<IPNetwork> prefixes, out refusal);
        value = prefixes.Count == 0 ? AddressList.Empty : new AddressList(prefixes);
        return valid;
    }

    /// <summary>Reads prefixes and addresses; none for a word that means so.</summary>
    public static bool TryParsePrefixes(string text, string emptyWord, out List<IPNetwork> prefixes, out string? refusal)
    {
        const StringSplitOptions Clean = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        prefixes = [];
        refusal = null;
        if (string.Equals(text, emptyWord, StringComparison.Ordinal))
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
                refusal = $"\"{each}\" is no address prefix; expected {emptyWord}, or {PrefixForm}";
                return false;
            }

            prefixes.Add(parsed);
        }

        return prefixes.Count > 0;
    }

    public static bool TryParseServer(string text, out ServerName value, out string? refusal)
    {
        bool valid = ServerName.TryParse(text, out value, out string? detail);
        refusal = valid ? null : $"{detail}; expected {ServerForm}";
        return valid;
    }

    /// <summary>Reads the endpoints of one server, with commas between.</summary>
    public static bool TryParseServers(string text, out object? value, out string? refusal)
    {
        List<ServerName> all = [];
        value = all;
        refusal = null;
        foreach (string each in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!TryParseServer(each, out ServerName server, out refusal))
            {
                return false;
            }

            all.Add(server);
        }

        refusal = all.Count > ServerOptions.MostEndpoints ? $"these are {all.Count} endpoints; expected {ServerOptions.MostEndpoints} at most"
            : all.Distinct().Count() < all.Count ? "an endpoint is given twice; expected each once"
            : null;
        return refusal is null;
    }

    public static bool TryParseKey(string text, out PublicKey value, out string? refusal)
    {
        bool valid = PublicKey.TryParse(text, out PublicKey? key, out refusal);
        value = key!;
        return valid;
    }

    public static bool TryParseTimeout(string text, out TimeSpan value, out string? refusal)
    {
        refusal = null;
        bool valid = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)
            && seconds is >= 1 and <= LongestTimeout;
        value = TimeSpan.FromSeconds(seconds);
        return valid;
    }

    public static bool TryParseSwitch(string text, out bool value, out string? detail)
    {
        detail = null;
        value = text is "on";
        return text is "on" or "off";
    }

    public static bool TryParseStateDirectory(string text, out string value, out string? refusal)
    {
        refusal = null;
        value = text;
        return text is "auto" or "none" || (Path.IsPathRooted(text) && !text.Contains('\0', StringComparison.Ordinal));
    }

    public static bool TryParseControl(string text, out string value, out string? refusal)
    {
        refusal = null;
        value = text;
        return text is "auto" or "off"
            || (Path.IsPathRooted(text) && !text.EndsWith('/') && !text.Contains('\0', StringComparison.Ordinal) && Encoding.UTF8.GetByteCount(text) <= LongestSocketPath);
    }

    public static bool TryParseGroup(string text, out string value, out string? refusal)
    {
        (value, refusal) = (text, null);
        return text.Length > 0 && !text.Any(character => char.IsWhiteSpace(character) || char.IsControl(character) || character == ':');
    }

    public static bool TryParseMetrics(string text, out IPEndPoint? value, out string? refusal)
    {
        (value, refusal) = (null, null);
        if (text is "off")
        {
            return true;
        }

        bool valid = EndPointText.TryParse(text, out IPEndPoint endPoint, out string? detail);
        (value, refusal) = (endPoint, detail is null ? null : $"{detail}; expected {OptionTable.Metrics.Expected}");
        return valid;
    }

    public static bool TryParseNames(string text, out NameList value, out string? refusal)
    {
        string[] names = text is "none" ? [] : text.Split(',', StringSplitOptions.TrimEntries);
        (value, refusal) = (new NameList(names), null);
        return names.All(name => Uri.CheckHostName(name) == UriHostNameType.Dns);
    }

    public static bool TryParseYes(string text, out bool value, out string? refusal)
    {
        refusal = null;
        value = text is "yes";
        return text is "yes" or "no";
    }

    public static bool TryParseLevel(string text, out LogLevel value, out string? refusal)
    {
        refusal = null;
        value = text is [>= '0' and <= '3'] ? (LogLevel)(text[0] - '0') : LogLevel.Info;
        return text is [>= '0' and <= '3'];
    }

    public static bool TryParseLogFormat(string text, out LogFormat value, out string? refusal)
    {
        refusal = null;
        (bool isKnown, value) = text switch
        {
            "auto" => (true, LogFormat.Auto),
            "text" => (true, LogFormat.Text),
            "json" => (true, LogFormat.Json),
            "journald" => (true, LogFormat.Journald),
            _ => (false, LogFormat.Auto),
        };
        return isKnown;
    }

    public static bool TryParseLogAddresses(string text, out LogAddresses value, out string? refusal)
    {
        refusal = null;
        (bool isKnown, value) = text switch
        {
            "full" => (true, LogAddresses.Full),
            "prefix" => (true, LogAddresses.Prefix),
            "none" => (true, LogAddresses.None),
            _ => (false, LogAddresses.Full),
        };
        return isKnown;
    }

    public static bool TryParseEngine(string text, out EngineKind value, out string? detail)
    {
        detail = null;
        value = text is "linux" ? EngineKind.Linux : EngineKind.Portable;
        return text is "portable" || (text is "linux" && OperatingSystem.IsLinux());
    }

    public static bool TryParseOffload(string text, out bool value, out string? detail)
    {
        detail = null;
        value = text is "auto";
        return text is "auto" or "off";
    }

    public static bool TryParseBusyPoll(string text, out TimeSpan? value, out string? detail)
    {
        detail = null;
        bool valid = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int microseconds)
            && microseconds <= LongestBusyPoll;
        value = valid ? TimeSpan.FromMicroseconds(microseconds) : null;
        return valid || text is "auto";
    }

    public static bool TryParseWorkers(string text, out int value, out string? detail)
    {
        detail = null;
        value = 0;
        return text is "auto"
            || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value)
                && value is >= 1 and <= MostWorkers);
    }
}
