using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace WgProxy.Logging;

/// <summary>Masks the addresses in a line. It looks at the whole text, so that a line that quotes the system, a name or a file is masked
/// too. Addresses that tell nothing about anyone stay: loopback, and those that mean "any".</summary>
internal static partial class AddressMask
{
    private const int BitsOfIPv4 = 24;
    private const int BitsOfIPv6 = 48;
    private const string Hidden = "(hidden)";

    /// <summary>The text with its addresses masked.</summary>
    public static string Apply(LogAddresses how, string text)
    {
        if (how == LogAddresses.Full)
        {
            return text;
        }

        try
        {
            return Address().Replace(text, match => Mask(how, match));
        }
        catch (RegexMatchTimeoutException)
        {
            return "a line that is too long to mask its addresses";
        }
    }

    private static string Mask(LogAddresses how, Match match)
    {
        Group found = match.Groups["bracketed"].Success ? match.Groups["bracketed"]
            : match.Groups["bare"].Success ? match.Groups["bare"]
            : match.Groups["dotted"];

        // A colon or a stop may end a clause and not the address.
        string address = found.Value;
        string after = string.Empty;
        while (address.Length > 0 && !IPAddress.TryParse(address, out _) && address[^1] is ':' or '.')
        {
            (address, after) = (address[..^1], address[^1] + after);
        }

        if (!IPAddress.TryParse(address, out IPAddress? parsed))
        {
            return match.Value;
        }

        parsed = parsed.IsIPv4MappedToIPv6 ? parsed.MapToIPv4() : parsed;
        return IPAddress.IsLoopback(parsed) || parsed.Equals(IPAddress.Any) || parsed.Equals(IPAddress.IPv6Any) ? match.Value
            : how == LogAddresses.None ? Hidden + after
            : Prefix(parsed) + after;
    }

    private static string Prefix(IPAddress address)
    {
        byte[] bytes = address.GetAddressBytes();
        int bits = address.AddressFamily == AddressFamily.InterNetwork ? BitsOfIPv4 : BitsOfIPv6;
        Array.Clear(bytes, bits / 8, bytes.Length - (bits / 8));
        return $"{new IPAddress(bytes)}/{bits}";
    }

    // An IPv6 address in brackets, one without, or an IPv4 address; and behind it a zone, a port or the length of a prefix.
    [GeneratedRegex(
        @"\[(?<bracketed>[0-9A-Fa-f:.]{2,45})(%[\w.-]{1,20})?\](:[0-9]{1,5})?"
        + @"|(?<![0-9A-Za-z:])(?<bare>[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{0,40})(%[\w-]{1,20})?(/[0-9]{1,3})?"
        + @"|(?<![0-9.])(?<dotted>[0-9]{1,3}(\.[0-9]{1,3}){3})(?!\.?[0-9])(:[0-9]{1,5}|/[0-9]{1,2})?",
        RegexOptions.ExplicitCapture,
        1_000)]
    private static partial Regex Address();
}
