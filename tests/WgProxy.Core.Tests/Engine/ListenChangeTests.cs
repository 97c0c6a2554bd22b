using System.Net;
using WgProxy.Core.Engine;

namespace WgProxy.Core.Tests.Engine;

public sealed class ListenChangeTests
{
    [Theory]
    [InlineData("[::]:443", "[::]:443 0.0.0.0:443", "[::]:443", "", "[::]:443 0.0.0.0:443", "")]
    [InlineData("[::]:443", "[::]:443 0.0.0.0:443", "[::]:443 127.0.0.1:53", "127.0.0.1:53", "[::]:443 0.0.0.0:443", "")]
    [InlineData("[::]:443 127.0.0.1:53", "[::]:443 0.0.0.0:443 127.0.0.1:53", "[::]:443", "", "[::]:443 0.0.0.0:443", "127.0.0.1:53")]
    [InlineData("0.0.0.0:443", "0.0.0.0:443", "[::]:443", "[::]:443", "0.0.0.0:443", "")]
    [InlineData("[::]:443", "[::]:443 0.0.0.0:443", "0.0.0.0:443", "", "0.0.0.0:443", "[::]:443")]
    [InlineData("[::]:0", "[::]:40000 0.0.0.0:40000", "[::]:0 127.0.0.1:53", "127.0.0.1:53", "[::]:40000 0.0.0.0:40000", "")]
    [InlineData("[::]:0", "[::]:40000 0.0.0.0:40000", "[::]:53", "[::]:53 0.0.0.0:53", "", "[::]:40000 0.0.0.0:40000")]
    public void What_is_bound_already_stays(string former, string listening, string wanted, string added, string kept, string removed)
    {
        ListenChange change = ListenChange.Of(Parse(former), Parse(listening), Parse(wanted), _ => true);
        Assert.Equal(Parse(added), change.Added.SelectMany(plan => plan.EndPoints));
        Assert.Equal(Parse(kept), change.Kept);
        Assert.Equal(Parse(removed), change.Removed);
    }

    [Theory]
    [InlineData("192.0.2.1:443", "0.0.0.0:443")]
    [InlineData("0.0.0.0:443", "192.0.2.1:443")]
    public void What_overlaps_cannot_be_bound_first(string from, string to)
    {
        EngineException refusal = Assert.Throws<EngineException>(() => ListenChange.Of(Parse(from), Parse(from), Parse(to), _ => true));
        Assert.Equal($"cannot listen on {to} before the relay has given up {from}, which has addresses in common with it: remove that first, by a reload of its own", refusal.Message);
    }

    private static IPEndPoint[] Parse(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(IPEndPoint.Parse)];
}
