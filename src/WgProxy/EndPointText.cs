using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace WgProxy;

/// <summary>Reads <c>address:port</c> and <c>[address]:port</c>, strictly: one spelling, one meaning.</summary>
internal static class EndPointText
{
    private const string NeedsBrackets = "an IPv6 address needs brackets, as in [2001:db8::1]:51820";

    /// <summary>Reads an address of this host and a port; 0 is a port here.</summary>
    public static bool TryParse(string text, out IPEndPoint value, out string? detail)
    {
        value = new IPEndPoint(IPAddress.Any, 0);
        if (!TrySplit(text, out string? host, out bool bracketed, out ushort port, out detail))
        {
            return false;
        }

        if (!TryParseAddress(host, bracketed, out IPAddress? address))
        {
            detail = "the part before the port is not an address";
            return false;
        }

        if (IsGroup(address))
        {
            detail = "a group address belongs to no host";
            return false;
        }

        value = new IPEndPoint(address, port);
        return true;
    }

    /// <summary>Separates host and port, and takes the brackets off.</summary>
    public static bool TrySplit(
        string text,
        [NotNullWhen(true)] out string? host,
        out bool bracketed,
        out ushort port,
        [NotNullWhen(false)] out string? detail)
    {
        (host, port, detail) = (null, 0, "the port is missing");
        int colon = text.LastIndexOf(':');
        bracketed = text.StartsWith('[');
        int close = text.IndexOf(']', StringComparison.Ordinal);
        if (bracketed ? close < 0 || colon != close + 1 : colon < 0)
        {
            return false;
        }

        if (!bracketed && text.IndexOf(':', StringComparison.Ordinal) != colon)
        {
            detail = NeedsBrackets;
            return false;
        }

        if (!ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port))
        {
            detail = "the port is not a number from 0 to 65535";
            return false;
        }

        host = bracketed ? text[1..close] : text[..colon];
        detail = host.Length == 0 ? "the part before the port is missing" : null;
        return detail is null;
    }

    /// <summary>Reads an address: IPv6 exactly where there are brackets, and IPv4 only as four plain decimal numbers,
    /// because elsewhere 010.0.0.1 and 10.1 mean different things to different programs. IPv4 in the form of IPv6
    /// becomes IPv4.</summary>
    public static bool TryParseAddress(string host, bool bracketed, [NotNullWhen(true)] out IPAddress? address)
    {
        if (!IPAddress.TryParse(host, out address))
        {
            return false;
        }

        bool valid = bracketed
            ? address.AddressFamily == AddressFamily.InterNetworkV6
            : string.Equals(address.ToString(), host, StringComparison.Ordinal);
        address = Normalise(address);
        return valid;
    }

    /// <summary>IPv4 for an IPv4 address in the form of IPv6, otherwise the address itself.</summary>
    public static IPAddress Normalise(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <summary>Whether the address stands for many hosts: multicast, or the limited broadcast.</summary>
    public static bool IsGroup(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6
            ? address.IsIPv6Multicast
            : address.GetAddressBytes()[0] is >= 224 and < 240 || address.Equals(IPAddress.Broadcast);
}
