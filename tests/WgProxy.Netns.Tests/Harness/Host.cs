using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>A namespace at the edge, with one link to the relay's: both ends' addresses in both families.</summary>
/// <param name="Role">What it is in the test, for reports.</param>
/// <param name="Space">The namespace.</param>
/// <param name="Index">Number of the link: a part of its addresses and of both interfaces' names.</param>
internal sealed record Host(string Role, Namespace Space, int Index) : IDisposable
{
    public const string Link = "edge";

    public string RelayLink => $"edge{Index}";

    public IPAddress Address(AddressFamily family) => At(family, 2);

    /// <summary>The relay's address on this link: where this host finds it.</summary>
    public IPAddress Relay(AddressFamily family) => At(family, 1);

    public void SetMtu(Namespace relay, int mtu)
    {
        Space.Ip("link", "set", Link, "mtu", $"{mtu}");
        relay.Ip("link", "set", RelayLink, "mtu", $"{mtu}");
    }

    public void Dispose() => Space.Dispose();

    private IPAddress At(AddressFamily family, int end) => IPAddress.Parse(
        family == AddressFamily.InterNetwork ? $"10.81.{Index}.{end}" : $"fd81:{Index}::{end}");
}
