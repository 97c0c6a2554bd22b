using System.Net.Sockets;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>
/// Hosts around a relay, each on a link of its own:
/// <code>
///   client ──edge──edge1──┐                 ┌──edge3──edge── server
///                         ├──[ relay ]──────┤
///   client ──edge──edge2──┘  no forwarding  └──edge4──edge── attacker
///
///   edge N: 10.81.N.0/24 and fd81:N::/64; the relay has .1 and ::1, the host .2 and ::2
/// </code>
/// Hosts reach the relay's addresses and nothing else: what gets from one host to another has passed the relay process.
/// </summary>
internal sealed class Topology : IDisposable
{
    private readonly Stack<IDisposable> _owned = new();
    private int _links;

    public Topology() => Relay = Own(new Namespace());

    public Namespace Relay { get; }

    public Host Add(string role, int mtu = 1500)
    {
        Host host = Own(new Host(role, new Namespace(), ++_links));
        Link(host);
        host.SetMtu(Relay, mtu);
        return host;
    }

    /// <summary>Makes a host's link to the relay, which was never made or has been deleted.</summary>
    public void Link(Host host)
    {
        Command.Run(
            "ip", "link", "add", Host.Link, "netns", host.Space.Name, "type", "veth", "peer", "name", host.RelayLink, "netns", Relay.Name);
        Address(host.Space, Host.Link, host.Index, 2);
        Address(Relay, host.RelayLink, host.Index, 1);
    }

    /// <summary>Makes the namespace in the middle an ordinary router: how hosts fare with each other without a relay.</summary>
    public void ForwardIPv4()
    {
        Relay.WriteSysctl("net/ipv4/ip_forward", "1");
        foreach (Host host in _owned.OfType<Host>())
        {
            host.Space.Ip("route", "add", "default", "via", host.Relay(AddressFamily.InterNetwork).ToString());
        }
    }

    /// <summary>What the kernel counted in the relay's namespace, where nobody but the relay has UDP sockets.</summary>
    public RelayTraffic RelayTraffic() => new(
        Relay.Snmp("UdpInDatagrams") + Relay.Snmp("Udp6InDatagrams"),
        Relay.Snmp("UdpInErrors") + Relay.Snmp("Udp6InErrors"));

    /// <summary>Ties a life to the topology's: the last one owned ends first.</summary>
    public T Own<T>(T thing)
        where T : IDisposable
    {
        _owned.Push(thing);
        return thing;
    }

    public void Dispose()
    {
        List<Exception> failures = [];
        while (_owned.TryPop(out IDisposable? thing))
        {
            try
            {
                thing.Dispose();
            }
#pragma warning disable CA1031 // Whatever one thing says at its end, the others end too.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                failures.Add(failure);
            }
        }

        if (failures.Count > 0)
        {
            throw new AggregateException(failures);
        }
    }

    private static void Address(Namespace space, string link, int index, int end)
    {
        space.Ip("addr", "add", $"10.81.{index}.{end}/24", "dev", link);
        space.Ip("addr", "add", $"fd81:{index}::{end}/64", "dev", link, "nodad");
        space.Ip("link", "set", link, "up");
    }
}

/// <summary>Datagrams that the relay received, and that the kernel dropped because it was too slow. What it sends cannot be
/// counted so: a train is one send.</summary>
internal readonly record struct RelayTraffic(long Received, long Overflowed);
