using System.Net;
using System.Net.Sockets;
using WgProxy.Core;
using WgProxy.Core.Engine;
using WgProxy.Core.Routes;
using WgProxy.Linux.Net;
using WgProxy.Linux.Tests.Rig;
using WgProxy.Netns.Tests.Harness;
using WgProxy.Tests;

namespace WgProxy.Linux.Tests;

// What the host refuses, or grants in part.
public sealed partial class MannersTests
{
    [Fact]
    public void A_second_relay_on_the_port_is_refused()
    {
        using RelayRig rig = new(listen: new IPEndPoint(IPAddress.Loopback, 0));
        using LinuxEngine second = new(new EngineSettings { Listen = [rig.Engine.Listening[0]], Routes = [RelayRig.NewRoute()], Seeds = new() });
        EngineException refusal = Assert.Throws<EngineException>(second.Start);
        Assert.Equal($"cannot listen on {rig.Engine.Listening[0]}: another program uses this UDP port", refusal.Message);
        Assert.Empty(second.Listening);
    }

    [Fact]
    public void An_address_of_another_machine_is_refused_in_words()
    {
        using LinuxEngine engine = new(
            new EngineSettings { Listen = [IPEndPoint.Parse("192.0.2.1:0")], Routes = [RelayRig.NewRoute()], Seeds = new() });
        EngineException refusal = Assert.Throws<EngineException>(engine.Start);
        Assert.Equal("cannot listen on 192.0.2.1:0: this machine does not have the address", refusal.Message);
    }

    [Fact]
    public void A_small_buffer_is_pointed_out_once_with_its_remedy()
    {
        const int buffer = ListenPlan.Buffer;
        const int small = 212_992;
        Assert.Empty(LinuxEngine.ShortfallsOf(buffer, buffer));
        Assert.Equal(
            $"the system grants a receive buffer of {small} bytes instead of {buffer}: bursts may be lost; set net.core.rmem_max to {buffer} (sysctl) or give the relay CAP_NET_ADMIN",
            Assert.Single(LinuxEngine.ShortfallsOf(small, buffer)));
        Assert.Contains("a send buffer of 212992 bytes", Assert.Single(LinuxEngine.ShortfallsOf(buffer, small)), StringComparison.Ordinal);
        Assert.Contains($"set net.core.wmem_max to {buffer} (sysctl)", Assert.Single(LinuxEngine.ShortfallsOf(buffer, small)), StringComparison.Ordinal);
        string both = Assert.Single(LinuxEngine.ShortfallsOf(small, small - 1));
        Assert.Contains("a receive buffer of 212992 and a send buffer of 212991 bytes", both, StringComparison.Ordinal);
        Assert.Contains("set net.core.rmem_max and net.core.wmem_max to", both, StringComparison.Ordinal);
    }

    [NetnsFact]
    public void What_the_kernel_grants_is_read_back()
    {
        using UdpSocket socket = UdpSocket.Open(isIPv4: true, out _)!;
        socket.Udp.AskBuffers(3_000_000);
        Assert.Equal((3_000_000, 3_000_000), (socket.Udp.GrantedReceiveBuffer, socket.Udp.GrantedSendBuffer));
    }
}
