using System.Net;

namespace WgProxy;

/// <summary>What the operator calls the server: a name to resolve, or an address.</summary>
/// <param name="Host">The name or address, without brackets.</param>
/// <param name="Port">The server's UDP port.</param>
/// <param name="Address">The address, if the host is one.</param>
internal sealed record ServerName(string Host, ushort Port, IPAddress? Address)
{
    /// <summary>Reads <c>name:port</c>, <c>IPv4:port</c> or <c>[IPv6]:port</c>.</summary>
    public static bool TryParse(string text, out ServerName value, out string? detail)
    {
        value = new ServerName(text, 0, null);
        if (!EndPointText.TrySplit(text, out string? host, out bool bracketed, out ushort port, out detail))
        {
            return false;
        }

        bool literal = EndPointText.TryParseAddress(host, bracketed, out IPAddress? address);
        detail = (literal, port) switch
        {
            (_, 0) => "nothing can be sent to port 0",
            (true, _) when !IsUsable(address!) => "nobody can be reached at this address",
            (false, _) when bracketed => "there is no IPv6 address in the brackets",
            (false, _) when !IsName(host) => "the part before the port is neither a name nor an address",
            _ => null,
        };
        value = new ServerName(host, port, literal ? address : null);
        return detail is null;
    }

    /// <summary>Whether one host may have this address.</summary>
    public static bool IsUsable(IPAddress address) =>
        !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any) && !EndPointText.IsGroup(address);

    /// <summary>The server as the operator would write it.</summary>
    public override string ToString() => Address is null ? $"{Host}:{Port}" : new IPEndPoint(Address, Port).ToString();

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
