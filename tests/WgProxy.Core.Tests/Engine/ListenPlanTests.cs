using System.Net;
using WgProxy.Core.Engine;

namespace WgProxy.Core.Tests.Engine;

public sealed class ListenPlanTests
{
    [Theory]
    [InlineData("::", true, true, "::", "0.0.0.0")]
    [InlineData("::", true, false, "0.0.0.0")]
    [InlineData("::", false, true, "::")]
    [InlineData("::", false, false, "::")]
    [InlineData("0.0.0.0", true, true, "0.0.0.0")]
    [InlineData("::1", true, true, "::1")]
    [InlineData("::ffff:127.0.0.1", true, true, "127.0.0.1")]
    public void An_address_to_listen_on_means_these(string listen, bool hasIPv4, bool hasIPv6, params string[] bound)
    {
        ListenPlan plan = ListenPlan.Of(new IPEndPoint(IPAddress.Parse(listen), 7), isIPv4 => isIPv4 ? hasIPv4 : hasIPv6);
        Assert.Equal(bound.Select(IPAddress.Parse), plan.Addresses);
        Assert.Equal(7, plan.Port);
    }

    [Fact]
    public void Only_a_port_that_the_system_chose_and_somebody_has_is_drawn_again_and_not_for_ever()
    {
        ListenPlan drawn = new([IPAddress.Any], 0);
        Assert.True(drawn.MayDrawAgain(1, EngineRefusal.PortInUse));
        Assert.True(drawn.MayDrawAgain(15, EngineRefusal.PortInUse));
        Assert.False(drawn.MayDrawAgain(16, EngineRefusal.PortInUse));
        Assert.False(drawn.MayDrawAgain(1, EngineRefusal.Listen));
        Assert.False(drawn.MayDrawAgain(1, EngineRefusal.System));
        Assert.False(new ListenPlan([IPAddress.Any], 51_820).MayDrawAgain(1, EngineRefusal.PortInUse));
    }
}
