using System.Net;
using WgProxy.Core.Engine;

namespace WgProxy.Core.Tests.Engine;

public sealed class RefusalTextTests
{
    [Theory]
    [InlineData(ListenRefusal.PortInUse, "another program uses this UDP port", EngineRefusal.PortInUse)]
    [InlineData(ListenRefusal.NoSuchAddress, "this machine does not have the address", EngineRefusal.Listen)]
    [InlineData(ListenRefusal.NotPermitted, "the system does not permit this port", EngineRefusal.Listen)]
    [InlineData(ListenRefusal.NoSuchFamily, "this machine lacks the IP version", EngineRefusal.Listen)]
    [InlineData(ListenRefusal.Other, "the system's own words", EngineRefusal.Listen)]
    public void What_cannot_be_listened_on_is_named_with_the_reason(Enum why, string reason, EngineRefusal cause)
    {
        EngineException refusal = RefusalText.ToListen(IPEndPoint.Parse("192.0.2.1:7"), (ListenRefusal)why, "the system's own words");
        Assert.Equal($"cannot listen on 192.0.2.1:7: {reason}", refusal.Message);
        Assert.Equal(cause, refusal.Cause);
    }

    [Fact]
    public void A_refused_call_is_named_with_what_helps()
    {
        EngineException refusal = RefusalText.ToCall("eventfd2", "Operation not permitted (errno 1)", RefusalText.AllowOrPortable);
        Assert.Equal(
            "the system refuses eventfd2: Operation not permitted (errno 1); let the sandbox (a seccomp profile, say) allow it, or use --engine portable",
            refusal.Message);
        Assert.Equal(EngineRefusal.System, refusal.Cause);
    }

    [Theory]
    [InlineData(ListenPlan.Buffer, ListenPlan.Buffer, null)]
    [InlineData(212_992, ListenPlan.Buffer, "the system grants a receive buffer of 212992 bytes instead of 7340032: bursts may be lost; set r to 7340032 (sysctl) or ask")]
    [InlineData(1, 2, "the system grants a receive buffer of 1 and a send buffer of 2 bytes instead of 7340032: bursts may be lost; set r and s to 7340032 (sysctl) or ask")]
    public void Small_buffers_are_one_sentence(int received, int sent, string? expected) => Assert.Equal(
        expected is null ? [] : [expected],
        RefusalText.Shortfalls([new("a receive buffer", received, "r"), new("a send buffer", sent, "s")], "ask"));

    [Fact]
    public void Where_no_sysctl_limits_a_buffer_none_is_named() => Assert.Equal(
        ["the system grants a receive buffer of 1 bytes instead of 7340032: bursts may be lost"],
        RefusalText.Shortfalls([new("a receive buffer", 1, null)]));
}
