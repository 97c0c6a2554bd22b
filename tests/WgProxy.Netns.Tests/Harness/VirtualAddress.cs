using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>
/// An address that is not its host's first, and can move to another host: a router in the middle knows whose it is. Two clients
/// behind stateful firewalls send to it, one to the relay, one to the same host's kernel NAT, the control.
/// <code>
///   client, relay's ──┐              ┌── first host:  relay on 51820, kernel NAT on 51821
///                     ├──[ router ]──┤── second host: the same, without the address
///   client, NAT's ────┘              └── server
/// </code>
/// </summary>
internal sealed class VirtualAddress : IDisposable
{
    public const int RelayPort = 51820;
    private const int NatPort = 51821;
    private const int ServerPort = 51820;

    private readonly Topology _topology = new();
    private readonly AddressFamily _family;

    private VirtualAddress(AddressFamily family) => _family = family;

    public IPAddress Address => Of(_family);

    /// <summary>The two hosts that can have the address, and the relays on them.</summary>
    public (Host Host, RelayProcess Relay)[] Hosts { get; private set; } = [];

    private bool IsIPv6 => _family == AddressFamily.InterNetworkV6;

    private string[] Version => IsIPv6 ? ["-6"] : ["-4"];

    private WireGuardInterface Client { get; set; } = null!;

    private WireGuardInterface Control { get; set; } = null!;

    private EchoResponder Responder { get; set; } = null!;

    /// <summary>The address in this IP version.</summary>
    public static IPAddress Of(AddressFamily family) => IPAddress.Parse(family == AddressFamily.InterNetworkV6 ? "fd70::1" : "10.70.0.1");

    /// <summary>Sets the stage, with the address at the first host.</summary>
    /// <param name="family">The IP version of all paths.</param>
    /// <param name="listen">Where the relays listen; null for everywhere.</param>
    public static async Task<VirtualAddress> StartAsync(AddressFamily family, IPAddress? listen)
    {
        VirtualAddress made = new(family);
        try
        {
            await made.BeginAsync(listen);
            return made;
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    /// <summary>Gives the address to a host, or takes it away.</summary>
    public void Change(Host host, bool gives)
    {
        host.Space.Ip(["addr", gives ? "add" : "del", $"{Address}/{(IsIPv6 ? 128 : 32)}", "dev", "lo", .. gives && IsIPv6 ? (string[])["nodad"] : []]);
        if (gives)
        {
            _topology.Relay.Ip([.. Version, "route", "replace", $"{Address}", "via", $"{host.Address(_family)}"]);
        }
    }

    /// <summary>Takes a host's way to the clients away, or gives it back.</summary>
    public void ChangeDefaultRoute(Host host, bool gives) =>
        host.Space.Ip([.. Version, "route", gives ? "add" : "del", "default", "via", $"{host.Relay(_family)}"]);

    /// <summary>Streams of echoes: the relay's client's, and the control's.</summary>
    public (ProbeStream Relay, ProbeStream Control) Streams() => (new(Client, Responder, perSecond: 20), new(Control, Responder, perSecond: 20));

    /// <summary>Awaits the first echo of both.</summary>
    public async Task ConnectAsync()
    {
        (ProbeStream relay, ProbeStream control) = Streams();
        using (relay)
        using (control)
        {
            await Eventually.TrueAsync(
                () => relay.Arrived > 0 && control.Arrived > 0,
                TimeSpan.FromSeconds(20),
                () => $"a first echo: {relay.Arrived} by the relay, {control.Arrived} by NAT; {Hosts[0].Relay.Status()}");
        }
    }

    public void Dispose() => _topology.Dispose();

    private async Task BeginAsync(IPAddress? listen)
    {
        _topology.Relay.WriteSysctl("net/ipv4/ip_forward", "1");
        _topology.Relay.WriteSysctl("net/ipv6/conf/all/forwarding", "1");
        Host clientHost = Add("client");
        Host controlHost = Add("control");
        Host serverHost = Add("server");
        Host[] hosts = [Add("first"), Add("second")];
        Firewall(clientHost);
        Firewall(controlHost);
        WireGuardInterface server = await WireGuardInterface.StartAsync(_topology, serverHost, "10.99.0.1", ServerPort);
        Client = await WireGuardInterface.StartAsync(_topology, clientHost, "10.99.0.2");
        Control = await WireGuardInterface.StartAsync(_topology, controlHost, "10.99.0.3");
        server.AddPeer(Client);
        server.AddPeer(Control);
        Responder = _topology.Own(new EchoResponder(server));
        IPEndPoint target = new(serverHost.Address(_family), ServerPort);
        foreach (Host host in hosts)
        {
            host.Space.WriteSysctl("net/ipv4/ip_nonlocal_bind", "1");
            host.Space.Ip([.. Version, "route", "add", $"{target.Address}", "via", $"{host.Relay(_family)}"]);
            Translate(host, target);
            if (listen is not null)
            {
                host.Space.WriteSysctl("net/ipv6/ip_nonlocal_bind", "1");
            }

            Hosts = [.. Hosts, (host, await RelayProcess.StartAsync(
                _topology, target, server.Key.Public, RelayPort, host.Space, listen: listen))];
        }

        Change(hosts[0], gives: true);
        Client.AddPeer(server, new IPEndPoint(Address, RelayPort));
        Control.AddPeer(server, new IPEndPoint(Address, NatPort));
    }

    private Host Add(string role)
    {
        Host host = _topology.Add(role);
        ChangeDefaultRoute(host, gives: true);
        return host;
    }

    // Whatever comes is an answer to what was sent there, or is dropped.
    private static void Firewall(Host host) => host.Space.Nft("""
        table inet firewall {
            chain coming {
                type filter hook input priority 0
                iifname "edge" ct state established accept
                iifname "edge" meta l4proto udp drop
            }
        }
        """);

    private void Translate(Host host, IPEndPoint target)
    {
        host.Space.WriteSysctl("net/ipv4/ip_forward", "1");
        host.Space.WriteSysctl("net/ipv6/conf/all/forwarding", "1");
        string family = IsIPv6 ? "ip6" : "ip";
        host.Space.Nft($$"""
            table {{family}} control {
                chain coming {
                    type nat hook prerouting priority dstnat
                    {{family}} daddr {{Address}} udp dport {{NatPort}} meta mark set 1 dnat to {{target}}
                }
                chain leaving {
                    type nat hook postrouting priority srcnat
                    meta mark 1 masquerade
                }
            }
            """);
    }
}
