using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using WgProxy.Logging;

namespace WgProxy.Configuration;

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

        if (!TrySplitZone(host, out string bare, out string? zone, out detail))
        {
            return false;
        }

        if (!TryParseAddress(bare, bracketed, out IPAddress? address))
        {
            detail = "the part before the port is not an address";
            return false;
        }

        if (IsGroup(address))
        {
            detail = "a group address belongs to no host";
            return false;
        }

        if (!ZoneFits(address, zone, out detail))
        {
            return false;
        }

        if (zone is not null)
        {
            if (IndexOfZone(zone) is not uint index)
            {
                detail = $"this host has no interface {LogLine.Quote(zone)}";
                return false;
            }

            address = new IPAddress(address.GetAddressBytes(), index);
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
    /// becomes IPv4. An address with a zone is none here: see <see cref="TrySplitZone"/>.</summary>
    public static bool TryParseAddress(string host, bool bracketed, [NotNullWhen(true)] out IPAddress? address)
    {
        address = null;
        if (host.Contains('%', StringComparison.Ordinal) || !IPAddress.TryParse(host, out address))
        {
            return false;
        }

        bool valid = bracketed
            ? address.AddressFamily == AddressFamily.InterNetworkV6
            : string.Equals(address.ToString(), host, StringComparison.Ordinal);
        address = Normalise(address);
        return valid;
    }

    /// <summary>Separates an address from the zone behind its percent sign (RFC 4007): the interface on whose link a
    /// link-local address is meant. The zone stays text, because an interface may come later, or be made anew with
    /// another index.</summary>
    public static bool TrySplitZone(string host, out string bare, out string? zone, [NotNullWhen(false)] out string? detail)
    {
        int percent = host.IndexOf('%', StringComparison.Ordinal);
        (bare, zone) = percent < 0 ? (host, null) : (host[..percent], host[(percent + 1)..]);
        detail = zone is null || IsInterfaceName(zone)
            ? null
            : $"{LogLine.Quote(zone)}, behind the percent sign, cannot be an interface's name";
        return detail is null;
    }

    /// <summary>Whether the address has a zone if, and only if, it needs one.</summary>
    public static bool ZoneFits(IPAddress address, string? zone, [NotNullWhen(false)] out string? detail)
    {
        detail = (address.IsIPv6LinkLocal, zone) switch
        {
            (true, null) => $"a link-local address needs the interface of its link, as in [{address}%eth0]:51820",
            (false, not null) => "only a link-local address (fe80::/10) has an interface behind a percent sign",
            _ => null,
        };
        return detail is null;
    }

    /// <summary>The index, at this moment, of the interface that a zone names; null if there is none. A number is an
    /// index already.</summary>
    public static uint? IndexOfZone(string zone)
    {
        // The framework asks the system for the index of a name, and takes 0 where the system knows none.
        return IPAddress.TryParse($"fe80::1%{zone}", out IPAddress? address) && address.ScopeId > 0
            ? (uint)address.ScopeId
            : null;
    }

    /// <summary>IPv4 for an IPv4 address in the form of IPv6, otherwise the address itself.</summary>
    public static IPAddress Normalise(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <summary>Whether the address stands for many hosts: multicast, or the limited broadcast.</summary>
    public static bool IsGroup(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6
            ? address.IsIPv6Multicast
            : address.GetAddressBytes()[0] is >= 224 and < 240 || address.Equals(IPAddress.Broadcast);

    /// <summary>Whether the kernel may have an interface of this name (dev_valid_name, net/core/dev.c): it is shorter than IFNAMSIZ and has no
    /// slash, colon or space.</summary>
    public static bool IsInterfaceName(string zone) =>
        zone.Length is >= 1 and <= 15 && zone is not ("." or ".." or "0")
        && zone.All(letter => letter is > ' ' and <= '~' and not ('/' or ':' or '%'));
}
