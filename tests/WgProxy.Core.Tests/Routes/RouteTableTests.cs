using System.Net;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Core.Vocabulary;
using WgProxy.Tests;

namespace WgProxy.Core.Tests.Routes;

/// <summary>Servers that are served at some addresses only: what an initiation is compared with, and what that costs.</summary>
public sealed class RouteTableTests
{
    private const int Servers = 1_000;
    private const int PortsOfEach = 64;
    private const int Apart = 32;
    private const int FirstPort = 1_000;

    private readonly RouteList _list = new(Limits.MostRoutes);

    // Each port is in the lists of two servers, and each list is another.
    [Fact]
    public void An_initiation_is_brought_before_those_only_that_are_served_where_it_arrives()
    {
        Route[] routes = [.. Enumerable.Range(0, Servers).Select(number => Add(Range(IPAddress.Any, FirstPort + (number * Apart))))];
        RouteTable table = new(_list, _ => { });
        long steps = 0;
        foreach (int number in (int[])[0, 1, 500, Servers - 1])
        {
            Source source = Source.From(new IPEndPoint(IPAddress.Loopback, 7)).To([192, 0, 2, 1], (ushort)(FirstPort + (number * Apart)));
            (long looks, steps) = (table.Looks, 0);
            Assert.Equal(number, table.Match(WireMessages.Initiation(routes[number].Mac1, 1), source, ref steps));
            Assert.InRange(table.Looks - looks, 1, 3);
            Assert.InRange(steps, 1, 3);
            looks = table.Looks;
            Assert.Equal(-1, table.Match(WireMessages.Initiation(routes[(number + 2) % Servers].Mac1, 1), source, ref steps));
            Assert.InRange(table.Looks - looks, 1, 3);

            // Whether to look for it elsewhere is known without a look at those that are passed over.
            looks = table.Looks;
            int served = number == 0 ? 1 : 2;
            Assert.Equal(Servers - served, table.StepsElsewhere(source));
            Assert.InRange(table.Looks - looks, 1, 2);
            steps = 0;
            Assert.Equal((number + 2) % Servers, table.MatchElsewhere(WireMessages.Initiation(routes[(number + 2) % Servers].Mac1, 1), source, ref steps));
            Assert.Equal(-1, table.MatchElsewhere(WireMessages.Initiation(routes[number].Mac1, 1), source, ref steps));
            byte[] unknown = WireMessages.Initiation(RelayDriver.NewRoute().Mac1, 1);
            Assert.Equal(0, Allocated.InBestOf(5, () => _ = table.Match(unknown, source, ref steps) + table.MatchElsewhere(unknown, source, ref steps) + table.StepsElsewhere(source)));
        }
    }

    [Fact]
    public void A_list_of_an_address_and_of_all_addresses_is_looked_at_once()
    {
        Route both = Add(new ListenList([new IPEndPoint(IPAddress.Loopback, 1), new IPEndPoint(IPAddress.Any, 1), new IPEndPoint(IPAddress.IPv6Any, 2)]));
        _ = Add(ListenList.Everywhere);
        RouteTable table = new(_list, _ => { });
        Source here = Source.From(new IPEndPoint(IPAddress.Loopback, 7)).To([127, 0, 0, 1], 1);
        Source elsewhere = Source.From(new IPEndPoint(IPAddress.IPv6Loopback, 7)).To(1);
        long steps = 0;
        Assert.Equal(-1, table.Match(WireMessages.Initiation(RelayDriver.NewRoute().Mac1, 1), here, ref steps));
        Assert.Equal((2, 2), (table.Looks, steps));
        Assert.Equal(0, table.Match(WireMessages.Initiation(both.Mac1, 1), here, ref steps));
        Assert.Equal(-1, table.Match(WireMessages.Initiation(both.Mac1, 1), elsewhere, ref steps));
        Assert.Equal(0, table.Match(WireMessages.Initiation(both.Mac1, 1), elsewhere.To(2), ref steps));
        Assert.Equal((0, 1), (table.StepsElsewhere(here), table.StepsElsewhere(elsewhere)));
    }

    // Lists come and go by reloads: nothing is left of one that has gone.
    [Fact]
    public void What_is_served_elsewhere_from_now_on_is_found_there_and_nowhere_else()
    {
        Route route = Add(Range(IPAddress.Any, 1));
        RouteId id = _list.Find(route.Key);
        RouteTable table = new(_list, _ => { });
        Source first = Source.From(new IPEndPoint(IPAddress.Loopback, 7)).To(1);
        Source second = first.To(1_001);
        byte[] initiation = WireMessages.Initiation(route.Mac1, 1);
        long steps = 0;
        foreach ((ListenList listen, int atFirst, int atSecond) in new[]
        {
            (Range(IPAddress.Any, 1), 0, -1), (Range(IPAddress.Any, 1_001), -1, 0), (ListenList.Everywhere, 0, 0), (Range(IPAddress.IPv6Any, 1), -1, -1), (Range(IPAddress.Any, 1), 0, -1),
        })
        {
            route.Settings = new RouteSettings { Listen = listen };
            table.Look(id);
            Assert.Equal((atFirst, atSecond), (table.Match(initiation, first, ref steps), table.Match(initiation, second, ref steps)));
            Assert.Equal((atFirst < 0 ? 1 : 0, atSecond < 0 ? 1 : 0), (table.StepsElsewhere(first), table.StepsElsewhere(second)));
            Assert.Equal(atFirst < 0 ? 0 : -1, table.MatchElsewhere(initiation, first, ref steps));
        }

        _list.Remove(id);
        table.Look(id);
        Assert.Equal((-1, 0), (table.Match(initiation, first, ref steps), table.StepsElsewhere(second)));
    }

    private static ListenList Range(IPAddress address, int first) => new(Enumerable.Range(first, PortsOfEach).Select(port => new IPEndPoint(address, port)));

    private Route Add(ListenList listen)
    {
        Route route = RelayDriver.NewRoute();
        route.Settings = new RouteSettings { Listen = listen };
        _ = _list.Add(route);
        return route;
    }
}
