using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests.Routes;

/// <summary>Ids, and the one place where they are made.</summary>
public sealed class RouteListTests
{
    [Fact]
    public void The_first_routes_have_the_first_ids()
    {
        Route[] routes = [RelayDriver.NewRoute(), RelayDriver.NewRoute(), RelayDriver.NewRoute()];
        RouteList list = [.. routes];
        Assert.Equal([new RouteId(0, 1), new RouteId(1, 1), new RouteId(2, 1)], routes.Select(list.IdOf));
        Assert.Equal(routes, list);
        Assert.Equal(3, list.Count);
    }

    [Fact]
    public void An_id_of_a_removed_route_finds_nothing_and_removes_nothing()
    {
        RouteList list = new(capacity: 1);
        RouteId first = list.Add(RelayDriver.NewRoute());
        Assert.True(list.Remove(first));
        Route second = RelayDriver.NewRoute();
        RouteId id = list.Add(second);
        Assert.Equal((first.Index, first.Generation + 1), (id.Index, id.Generation));
        Assert.Null(list[first]);
        Assert.False(list.Remove(first));
        Assert.Same(second, list[id]);
        Assert.Null(list[default]);
    }

    [Fact]
    public void A_key_has_one_route_at_a_time()
    {
        Route route = RelayDriver.NewRoute();
        RouteList list = [route];
        Route twin = new(route.Key);
        Assert.Throws<ArgumentException>(() => list.Add(twin));
        Assert.Equal(new RouteId(0, 1), list.Find(twin.Key));
        Assert.True(list.Remove(list.IdOf(route)));
        Assert.Equal(list.Add(twin), list.Find(route.Key));
    }

    [Fact]
    public void A_full_list_refuses_and_the_index_that_is_free_longest_comes_next()
    {
        RouteList list = new(capacity: 3);
        RouteId[] ids = [list.Add(RelayDriver.NewRoute()), list.Add(RelayDriver.NewRoute()), list.Add(RelayDriver.NewRoute())];
        Assert.Throws<InvalidOperationException>(() => list.Add(RelayDriver.NewRoute()));
        Assert.True(list.Remove(ids[2]));
        Assert.True(list.Remove(ids[0]));
        Assert.Equal(new RouteId(2, 2), list.Add(RelayDriver.NewRoute()));
        Assert.Equal(new RouteId(0, 2), list.Add(RelayDriver.NewRoute()));
    }

    [Fact]
    public void An_index_whose_generations_have_run_out_is_used_no_more()
    {
        RouteList list = new(capacity: 1);
        Route route = RelayDriver.NewRoute();
        for (int generation = 1; generation <= ushort.MaxValue; generation++)
        {
            RouteId id = list.Add(route);
            Assert.Equal(generation, id.Generation);
            Assert.True(list.Remove(id));
        }

        Assert.Throws<InvalidOperationException>(() => list.Add(route));
    }

    [Fact]
    public void An_id_is_one_number_and_back()
    {
        foreach (RouteId id in (RouteId[])[default, new(0, 1), new(1_023, 7), new(ushort.MaxValue, ushort.MaxValue)])
        {
            Assert.Equal(id, RouteId.Of(id.Value));
        }

        Assert.Equal(("-", "4.2"), (default(RouteId).ToString(), new RouteId(4, 2).ToString()));
    }
}
