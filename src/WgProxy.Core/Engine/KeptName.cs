using System.Globalization;
using System.Net;

namespace WgProxy.Core.Engine;

/// <summary>The names of sockets that a service manager keeps. They tell an operator what each is, and the next engine whether it fits.</summary>
internal static class KeptName
{
    /// <summary>What each begins with.</summary>
    public const string Prefix = "wgproxy-";

    /// <summary>The name of a socket, such as <c>wgproxy-ipv4-initiations-1of2-0.0.0.0-51820</c>. A service manager separates names by
    /// colons, so those of an address become underscores.</summary>
    /// <param name="role">Which datagrams it gets.</param>
    /// <param name="worker">Whose it is, from 0.</param>
    /// <param name="workers">How many share the port.</param>
    /// <param name="local">The address that it is bound to.</param>
    public static string Of(string role, int worker, int workers, IPEndPoint local) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Prefix}{(local.Address.GetAddressBytes().Length == 4 ? "ipv4" : "ipv6")}-{role}-{worker + 1}of{workers}-{local.Address.ToString().Replace(':', '_')}-{local.Port}");

    /// <summary>Whether a name is one of these.</summary>
    public static bool Is(string name) => name.StartsWith(Prefix, StringComparison.Ordinal);
}
