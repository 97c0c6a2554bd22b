using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace WgProxy.Configuration;

/// <summary>From the texts of the settings that upstream sockets are bound by, to their values.</summary>
internal static class BindingParser
{
    /// <summary>What a range of ports looks like.</summary>
    public const string PortsForm = "two ports from 1 to 65535 with a hyphen between, the lower one first, such as 40000-49999";

    /// <summary>What a mark looks like.</summary>
    public const string MarkForm = "a number from 1 to 4294967295, decimal or in hexadecimal as 0xca6c";

    /// <summary>What an interface looks like.</summary>
    public const string DeviceForm = "the name of an interface or VRF, such as eth1";

    private const string Hexadecimal = "0x";

    public static bool TryParseAddresses(string text, out SourcePrefixes value, out string? refusal)
    {
        bool valid = SettingParser.TryParsePrefixes(text, "any", out List<IPNetwork> prefixes, out refusal);
        value = new SourcePrefixes(prefixes);
        IPNetwork? group = prefixes.Cast<IPNetwork?>().FirstOrDefault(prefix => !CanBeSource(prefix!.Value.BaseAddress));
        if (valid && group is IPNetwork other)
        {
            refusal = $"\"{other}\" is no source address; expected addresses of this host, or prefixes that are routed to it";
            return false;
        }

        // Interfaces are written as 192.0.2.1/24, and the framework would make 192.0.2.0/24 of it.
        string? own = text.Split([',', ' ']).FirstOrDefault(each =>
            each.Split('/') is [string address, _] && valid && !prefixes.Any(prefix => prefix.BaseAddress.Equals(IPAddress.Parse(address))));
        refusal ??= own is null ? null : $"\"{own}\" is an address in its subnet; expected {own.Split('/')[0]} alone, or a prefix that is routed to this host";
        return valid && own is null;
    }

    public static bool TryParsePorts(string text, out (ushort First, ushort Last)? value, out string? refusal)
    {
        (value, refusal) = (null, null);
        if (text is "auto")
        {
            return true;
        }

        string[] ends = text.Split('-');
        bool valid = ends.Length == 2
            & ushort.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out ushort first)
            & ushort.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out ushort last);
        value = (first, last);
        return valid && first >= 1 && first <= last;
    }

    public static bool TryParseMark(string text, out uint value, out string? refusal)
    {
        (value, refusal) = (0, null);
        bool isHexadecimal = text.StartsWith(Hexadecimal, StringComparison.OrdinalIgnoreCase);
        return text is "off" || (uint.TryParse(
            isHexadecimal ? text.AsSpan(Hexadecimal.Length) : text,
            isHexadecimal ? NumberStyles.AllowHexSpecifier : NumberStyles.None,
            CultureInfo.InvariantCulture,
            out value) && value > 0);
    }

    public static bool TryParseDevice(string text, out string? value, out string? refusal)
    {
        refusal = null;
        value = text is "any" ? null : text;
        return value is null || EndPointText.IsInterfaceName(text);
    }

    public static bool TryParsePreference(string text, out AddressFamily? value, out string? refusal)
    {
        refusal = null;
        value = text switch
        {
            "ipv4" => AddressFamily.InterNetwork,
            "ipv6" => AddressFamily.InterNetworkV6,
            _ => null,
        };
        return text is "auto" or "ipv4" or "ipv6";
    }

    private static bool CanBeSource(IPAddress address) =>
        !EndPointText.IsGroup(address) && !address.IsIPv6LinkLocal && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any);
}
