using System.Net;
using System.Net.Sockets;
using WgProxy.Core;
using WgProxy.Core.Engine.Batching;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Linux.Tests.Rig;
using WgProxy.Netns.Tests.Harness;
using WgProxy.Tests;

namespace WgProxy.Linux.Tests;

/// <summary>What is sent to a group or by broadcast comes to every listening socket, three for each worker: the kernel does not ask
/// its program about it.</summary>
[Collection(nameof(StubbornKernel))]
public sealed class GroupTests : IDisposable
{
    private const int SO_BROADCAST = 6;
    private const int SO_ATTACH_FILTER = 26;
    private const int ENOMEM = 12;
    private const int Datagrams = 20;

    // What makes the relay answer every stranger.
    private static readonly RelaySettings Crowded = new() { LoadedAsked = 0 };

    public void Dispose()
    {
        if (StubbornKernel.Missing.Length == 0)
        {
            StubbornKernel.RefuseOption(0, 0);
        }
    }

    [Fact]
    public void Where_the_kernel_has_no_room_for_a_filter_broadcasts_are_dropped_all_the_same()
    {
        Assert.SkipWhen(StubbornKernel.Missing.Length > 0, StubbornKernel.Missing);
        StubbornKernel.RefuseOption(SO_ATTACH_FILTER, ENOMEM);
        LeapingClock clock = new();
        using RelayRig rig = new(time: clock);
        RigTunnel tunnel = rig.Establish();
        tunnel.Client.Set(1, SO_BROADCAST, [1, 0, 0, 0]);
        IPEndPoint broadcast = IPEndPoint.Parse($"127.255.255.255:{tunnel.Relay.Port}");
        for (int round = 1; round <= 2; round++)
        {
            long forwarded = rig["uplink.Forward"];
            tunnel.Client.Send(tunnel.FromClient(100), broadcast);
            rig.Await("uplink.NotUnicast", 3 * round);
            Assert.Equal(forwarded, rig["uplink.Forward"]);
            tunnel.Up(tunnel.FromClient(200));

            // There is room now: the next second with data that it is worth it for brings the filters.
            StubbornKernel.RefuseOption(0, 0);
            for (int second = 0; second < 3; second++)
            {
                clock.Leap(TimeSpan.FromSeconds(2));
                for (int i = 0; i < 100; i++)
                {
                    tunnel.Up(tunnel.FromClient(300 + i));
                }
            }
        }

        Assert.Empty(rig.Faults());
    }

    [NetnsTheory]
    [InlineData(1, false)]
    [InlineData(8, false)]
    [InlineData(1, true)]
    [InlineData(8, true)]
    public void What_is_sent_to_nobody_in_particular_draws_nothing_and_opens_nothing(int workers, bool crowded)
    {
        using Topology topology = new();
        Host client = topology.Add("client");
        Host server = topology.Add("server");
        using RelayRig rig = new(
            new LinuxEngineSettings { Workers = workers }, topology.Relay, crowded ? Crowded : new RelaySettings());
        Peer to = rig.Own(new Peer(new IPEndPoint(server.Address(AddressFamily.InterNetwork), 0), space: server.Space));
        rig.Route.Server = to.EndPoint;
        Peer four = NewPeer(rig, client, AddressFamily.InterNetwork);
        Peer six = NewPeer(rig, client, AddressFamily.InterNetworkV6);
        int port = rig.At(IPAddress.Any).Port;
        uint scope = (uint)client.Space.Run(() => IPAddress.Parse($"fe80::1%{Host.Link}")).ScopeId;
        IPEndPoint[] broadcasts = [new(IPAddress.Broadcast, port), IPEndPoint.Parse($"10.81.{client.Index}.255:{port}")];
        IPEndPoint[] groups = [IPEndPoint.Parse($"224.0.0.1:{port}")];
        IPEndPoint[] groups6 = [new(new IPAddress(IPAddress.Parse("ff02::1").GetAddressBytes(), scope), port)];
        client.Space.Ip("route", "add", "255.255.255.255", "dev", Host.Link);
        client.Space.Ip("route", "add", "224.0.0.0/4", "dev", Host.Link);

        // Before the default local address is known, and afterwards.
        uint index = 1;
        long copies = 0;
        for (int round = 0; round < 2; round++)
        {
            long forwarded = rig["uplink.Forward"] + rig["uplink.Open"];
            foreach (IPEndPoint address in (IPEndPoint[])[.. groups, .. groups6, .. broadcasts])
            {
                Peer peer = address.AddressFamily == AddressFamily.InterNetwork ? four : six;
                for (int i = 0; i < Datagrams; i++)
                {
                    peer.Send(WireMessages.Initiation(rig.Route.Mac1, index++), address);
                }
            }

            copies += broadcasts.Length * Datagrams * 3 * workers;
            rig.Await("uplink.NotUnicast", copies);
            four.ExpectNothing();
            six.ExpectNothing();
            to.ExpectNothing();
            Assert.Equal(forwarded, rig["uplink.Forward"] + rig["uplink.Open"]);
            Assert.Equal(0, rig["uplink.Reply"]);
            Assert.Equal(0, rig["uplink.BadMac1"] + rig["uplink.NoMapping"] + rig["uplink.NotWireGuard"]);
            if (crowded)
            {
                break;
            }

            if (round == 0)
            {
                Peer at = NewPeer(rig, client, AddressFamily.InterNetwork);
                RigTunnel tunnel = rig.Establish(at, to, rig.At(client.Relay(AddressFamily.InterNetwork)));

                // Data of a client that is known, by broadcast: the same, and by the bare socket too.
                at.Set(1, SO_BROADCAST, [1, 0, 0, 0]);
                forwarded = rig["uplink.Forward"];
                at.Send(tunnel.FromClient(100), broadcasts[0]);
                at.Send([.. Enumerable.Range(0, 5).Select(_ => tunnel.FromClient(200))], broadcasts[1]);
                copies += (3 + (2 * 5) + 1) * workers; // A train is cut down to one empty datagram.
                rig.Await(() => rig["uplink.NotUnicast"], copies, "copies of data");
                Assert.Equal(forwarded, rig["uplink.Forward"]);
                tunnel.Up(tunnel.FromClient(300));
            }
        }

        Assert.Empty(rig.Faults());
    }

    private static Peer NewPeer(RelayRig rig, Host client, AddressFamily family)
    {
        Peer peer = rig.Own(new Peer(new IPEndPoint(client.Address(family), 0), space: client.Space));
        if (family == AddressFamily.InterNetwork)
        {
            peer.Set(1, SO_BROADCAST, [1, 0, 0, 0]);
        }

        return peer;
    }
}
