using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>What stands between client and server.</summary>
internal enum Middle
{
    /// <summary>The relay.</summary>
    Relay,

    /// <summary>The relay, to which the kernel tells nothing of changed addresses.</summary>
    RelayWithoutNotices,

    /// <summary>The kernel's own translation of addresses: the control.</summary>
    KernelNat,
}

/// <summary>
/// A client, a server behind a router's hop, and in the middle a host with two uplinks whose addresses, routes and links a test
/// changes:
/// <code>
///   client ──edge1── [ middle ] ──edge2── server: 10.82.0.1, fd82::1
///                          └──────spare──────┘  not in use
/// </code>
/// </summary>
internal sealed class Uplinks : IDisposable
{
    public const string First = "edge2";
    public const string Spare = "spare";
    private const int Port = 51820;

    private readonly Topology _topology = new();
    private readonly AddressFamily _family;

    private Uplinks(AddressFamily family) => _family = family;

    public WireGuardInterface Client { get; private set; } = null!;

    public WireGuardInterface Server { get; private set; } = null!;

    public EchoResponder Responder { get; private set; } = null!;

    /// <summary>The relay; null if the kernel does its work.</summary>
    public RelayProcess? Relay { get; private set; }

    /// <summary>The host in the middle.</summary>
    public Namespace Space => _topology.Relay;

    /// <summary>The server's host.</summary>
    public Namespace ServerSpace => Server.Host.Space;

    private bool IsIPv4 => _family == AddressFamily.InterNetwork;

    /// <summary>The server's address and how many bits of it a route to it has.</summary>
    private (IPAddress Address, int Bits) Service => IsIPv4 ? (IPAddress.Parse("10.82.0.1"), 32) : (IPAddress.Parse("fd82::1"), 128);

    public static async Task<Uplinks> StartAsync(AddressFamily family, Middle middle)
    {
        Uplinks uplinks = new(family);
        try
        {
            await uplinks.BuildAsync(middle);
            return uplinks;
        }
        catch
        {
            uplinks.Dispose();
            throw;
        }
    }

    /// <summary>The middle's address on an uplink, or another of the same network.</summary>
    public string Own(string link, int end = 1) => (link, IsIPv4) switch
    {
        (First, true) => $"10.81.2.{end}/24",
        (First, false) => $"fd81:2::{end:x}/64",
        (_, true) => $"10.83.0.{end}/24",
        _ => $"fd83::{end:x}/64",
    };

    /// <summary>Has the middle reach the server by an uplink, and by nothing else.</summary>
    public void Route(string link) => Space.Ip(
        IsIPv4 ? "-4" : "-6", "route", "replace", $"{Service.Address}/{Service.Bits}", "via", Own(link, 2).Split('/')[0], "dev", link);

    /// <summary>Takes the route to the server away.</summary>
    public void Unroute() => Space.Ip(IsIPv4 ? "-4" : "-6", "route", "del", $"{Service.Address}/{Service.Bits}");

    public void AddAddress(string link, string address, params string[] more) =>
        Space.Ip(["addr", "add", address, "dev", link, .. IsIPv4 ? [] : (string[])["nodad"], .. more]);

    public void RemoveAddress(string link, string address) => Space.Ip("addr", "del", address, "dev", link);

    /// <summary>Where the server finds its client.</summary>
    public IPEndPoint? ClientAsSeen() => Server.Peer(Client).Endpoint;

    /// <summary>Changes something under a stream of echoes; returns the longest time without one, and what became of them. No time
    /// if they do not come back within patience.</summary>
    public async Task<(TimeSpan? Outage, ProbeAccount Account)> OutageAsync(Func<Uplinks, Task> change, TimeSpan patience)
    {
        const int perSecond = 20;
        const int again = 2 * perSecond;
        using ProbeStream stream = new(Client, Responder, perSecond);
        await Eventually.TrueAsync(() => stream.Arrived >= perSecond, TimeSpan.FromSeconds(20), "echoes before the change");
        await change(this);
        int before = stream.Arrived;
        long start = TimeProvider.System.GetTimestamp();
        while (stream.Arrived < before + again && TimeProvider.System.GetElapsedTime(start) < patience)
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        bool isBack = stream.Arrived >= before + again;
        ProbeAccount account = await stream.StopAsync();
        return (isBack ? account.LongestSilence : null, account);
    }

    public void Dispose() => _topology.Dispose();

    private async Task BuildAsync(Middle middle)
    {
        Host client = _topology.Add("client");
        Host server = _topology.Add("server");
        Command.Run("ip", "link", "add", Spare, "netns", server.Space.Name, "type", "veth", "peer", "name", Spare, "netns", Space.Name);
        foreach ((Namespace space, int end) in ((Namespace, int)[])[(Space, 1), (server.Space, 2)])
        {
            space.Ip(["addr", "add", Own(Spare, end), "dev", Spare, .. IsIPv4 ? [] : (string[])["nodad"]]);
            space.Ip("link", "set", Spare, "up");
        }

        server.Space.Ip("addr", "add", $"{Service.Address}/{Service.Bits}", "dev", "lo");

        // A provider takes nothing from addresses that are not its own.
        server.Space.Nft("""
            table inet provider {
                chain coming {
                    type filter hook prerouting priority -300
                    iifname "edge" ip saddr 10.83.0.0/24 drop
                    iifname "edge" ip6 saddr fd83::/64 drop
                    iifname "spare" ip saddr != 10.83.0.0/24 drop
                    iifname "spare" meta l4proto udp ip6 saddr != fd83::/64 drop
                }
            }
            """);
        Route(First);
        Client = await WireGuardInterface.StartAsync(_topology, client, "10.99.0.2");
        Server = await WireGuardInterface.StartAsync(_topology, server, "10.99.0.1", Port);
        Server.AddPeer(Client);
        Responder = _topology.Own(new EchoResponder(Server));
        if (middle == Middle.KernelNat)
        {
            Translate();
        }
        else
        {
            Relay = await RelayProcess.StartAsync(
                _topology, new IPEndPoint(Service.Address, Port), Server.Key.Public, Port, through: middle == Middle.Relay ? null : Withheld.Netlink);
        }

        Client.AddPeer(Server, new IPEndPoint(client.Relay(_family), Port));
        using ProbeStream stream = new(Client, Responder, perSecond: 10);
        await Eventually.TrueAsync(() => stream.Arrived > 0, TimeSpan.FromSeconds(20), "a first echo through the tunnel");
    }

    private void Translate()
    {
        Space.WriteSysctl("net/ipv4/ip_forward", "1");
        Space.WriteSysctl("net/ipv6/conf/all/forwarding", "1");
        Space.Nft($$"""
            table inet translation {
                chain coming {
                    type nat hook prerouting priority -100
                    iifname "edge1" udp dport {{Port}} meta nfproto {{(IsIPv4 ? "ipv4 dnat ip" : "ipv6 dnat ip6")}} to {{Service.Address}}
                }
                chain leaving {
                    type nat hook postrouting priority 100
                    oifname { "{{First}}", "{{Spare}}" } masquerade
                }
            }
            """);
    }
}
