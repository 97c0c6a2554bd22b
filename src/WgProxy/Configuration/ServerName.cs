using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace WgProxy.Configuration;

/// <summary>The operator's name for the server: a name to resolve, or an address.</summary>
/// <param name="Host">The name or address, without brackets.</param>
/// <param name="Port">The server's UDP port.</param>
/// <param name="Address">The address, if the host is one; without its zone.</param>
/// <param name="Zone">The interface on whose link a link-local address is meant: a name, or an index as text.</param>
internal sealed record ServerName(string Host, ushort Port, IPAddress? Address, string? Zone = null)
{
    /// <summary>What the operator calls the server beside that; null for nothing else.</summary>
    public string? Alias { get; init; }

    /// <summary>Where the operator wrote it, as error lines name it.</summary>
    public string Setting { get; init; } = OptionTable.Server.Name;

    /// <summary>What log lines call it.</summary>
    public string Title => Alias is null || string.Equals(Alias, ToString(), StringComparison.Ordinal) ? ToString() : $"{Alias} ({this})";

    /// <summary>Whether the setting is a fixed address, which needs one look-up only.</summary>
    public bool IsFixed => Address is not null && Zone is null;

    /// <summary>Whether the operator means a server on this host.</summary>
    public bool IsLoopback => Address is not null ? IPAddress.IsLoopback(Address) : IsLocalhost(Host);

    /// <summary>Reads <c>name:port</c>, <c>IPv4:port</c>, <c>[IPv6]:port</c> or <c>[IPv6%interface]:port</c>.</summary>
    public static bool TryParse(string text, out ServerName value, out string? detail)
    {
        value = new ServerName(text, 0, null);
        if (!EndPointText.TrySplit(text, out string? host, out bool bracketed, out ushort port, out detail)
            || !EndPointText.TrySplitZone(host, out string bare, out string? zone, out detail))
        {
            return false;
        }

        bool literal = EndPointText.TryParseAddress(bare, bracketed, out IPAddress? address);
        detail = (literal, port) switch
        {
            (_, 0) => "nothing can be sent to port 0",
            (true, _) when !IsUsable(address!) => "no host can have this address",
            (true, _) => EndPointText.ZoneFits(address!, zone, out string? misfit) ? null : misfit,
            (false, _) when bracketed => "there is no IPv6 address in the brackets",
            (false, _) when !IsName(host) => "the part before the port is neither a name nor an address",
            _ => null,
        };
        value = new ServerName(host, port, literal ? address : null, zone);
        return detail is null;
    }

    /// <summary>Whether one host may have this address. 0.0.0.0/8 is "this network" (RFC 1122, section 3.2.1.3): no other
    /// host is there, and Linux takes 0.0.0.0 for this host.</summary>
    public static bool IsUsable(IPAddress address) =>
        !address.Equals(IPAddress.IPv6Any) && !EndPointText.IsGroup(address)
        && (address.AddressFamily != AddressFamily.InterNetwork || address.GetAddressBytes()[0] != 0);

    /// <summary>Why an answer of the resolver cannot be this server's address; null if it can. A wrong answer must not send
    /// clients' datagrams back to this host, or to all hosts on a link.</summary>
    public string? Refusal(IPAddress answer) => answer switch
    {
        _ when !IsUsable(answer) => "no host has this address",
        _ when IPAddress.IsLoopback(answer) && !IsLoopback => "it is this host itself, for which only localhost or a loopback address stands",
        { IsIPv6LinkLocal: true, ScopeId: 0 } => "it is link-local and names no interface",
        _ => null,
    };

    /// <summary>The server as the operator would write it.</summary>
    public override string ToString() => this switch
    {
        { Address: null } => $"{Host}:{Port}",
        { Zone: not null } => $"[{Host}]:{Port}",
        _ => new IPEndPoint(Address, Port).ToString(),
    };

    /// <summary>Writes the same, without an object. Whether there was room.</summary>
    public bool TryFormat(Span<char> text, out int written) => this switch
    {
        { Address: null } => text.TryWrite(CultureInfo.InvariantCulture, $"{Host}:{Port}", out written),
        { Zone: not null } => text.TryWrite(CultureInfo.InvariantCulture, $"[{Host}]:{Port}", out written),
        { Address.AddressFamily: AddressFamily.InterNetworkV6 } => text.TryWrite(CultureInfo.InvariantCulture, $"[{Address}]:{Port}", out written),
        _ => text.TryWrite(CultureInfo.InvariantCulture, $"{Address}:{Port}", out written),
    };

    // RFC 6761, section 6.3: localhost, and what is below it, is this host.
    private static bool IsLocalhost(string host)
    {
        string name = host.TrimEnd('.');
        return name.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);
    }

    // RFC 1123 labels and the underscore, which some names in use have. A last label that is a number, also a hexadecimal
    // one, is no name's: resolvers would read such a host as inet_aton does (0x7f000001, 127.0.0.0x1), and this is not the
    // place to guess which address was meant.
    private static bool IsName(string host)
    {
        string[] labels = (host.EndsWith('.') ? host[..^1] : host).Split('.');
        return host.Length <= 253 && labels.All(IsLabel) && !IsNumber(labels[^1]);
    }

    private static bool IsNumber(string label) => label.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
        ? label[2..].All(char.IsAsciiHexDigit)
        : label.All(char.IsAsciiDigit);

    private static bool IsLabel(string label) =>
        label.Length is >= 1 and <= 63 && label[0] != '-' && label[^1] != '-'
        && label.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_');
}
