using System.Net;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;
using WgProxy.Core.Routes;
using WgProxy.Core.Vocabulary;

namespace WgProxy.Core.Tests.Engine;

/// <summary>A recorded client is answered from where it sends to, or from the first place from which it can be.</summary>
public sealed class ListenPlacesTests
{
    private static readonly IPEndPoint[] All = [.. "[::]:443 0.0.0.0:443 192.0.2.9:53 192.0.2.10:53 [2001:db8::9]:53".Split(' ').Select(IPEndPoint.Parse)];

    [Theory]
    [InlineData("198.51.100.1", "192.0.2.9", 443, 1, "192.0.2.9", 443)]
    [InlineData("198.51.100.1", "192.0.2.10", 53, 3, "192.0.2.10", 53)]
    [InlineData("198.51.100.1", null, 53, 2, "192.0.2.9", 53)]
    [InlineData("2001:db8::1", "2001:db8::9", 53, 4, "2001:db8::9", 53)]
    [InlineData("2001:db8::1", null, 0, 0, null, 443)]
    [InlineData("198.51.100.1", "192.0.2.10", 0, 1, "192.0.2.10", 443)]
    [InlineData("198.51.100.1", "192.0.2.44", 53, 1, "192.0.2.44", 443)]
    [InlineData("2001:db8::1", "2001:db8::44", 9, 0, "2001:db8::44", 443)]
    public void A_source_has_a_place(string client, string? local, int port, int place, string? placed, int placedPort)
    {
        Source source = SourceOf(client, local, port);
        ListenPlaces places = new(All, knowsLocal: true);
        Assert.Equal(place, places.Of(source));
        Assert.Equal(SourceOf(client, placed, placedPort), places.Place(source));
    }

    [Fact]
    public void Where_the_engine_does_not_know_the_local_address_a_wildcard_has_none() =>
        Assert.Equal(SourceOf("198.51.100.1", null, 443), new ListenPlaces(All, knowsLocal: false).Place(SourceOf("198.51.100.1", "192.0.2.9", 443)));

    [Fact]
    public void Without_a_place_of_its_version_a_source_stays_what_it_is()
    {
        ListenPlaces places = new([IPEndPoint.Parse("192.0.2.9:53")], knowsLocal: true);
        Source source = SourceOf("2001:db8::1", null, 53);
        Assert.Equal((-1, source), (places.Of(source), places.Place(source)));
    }

    // The records of a former release do not say the port; those of a place that is given up say one that is of no use.
    [Theory]
    [InlineData("198.51.100.1", null, 0, "192.0.2.10:53", "192.0.2.10", 53)]
    [InlineData("198.51.100.1", "192.0.2.10", 0, "192.0.2.9:53, 192.0.2.10:53", "192.0.2.10", 53)]
    [InlineData("198.51.100.1", "192.0.2.9", 7, "192.0.2.10:53", "192.0.2.10", 53)]
    [InlineData("198.51.100.1", "192.0.2.9", 53, "192.0.2.10:53", "192.0.2.9", 53)]
    [InlineData("198.51.100.1", null, 0, "", null, 443)]
    [InlineData("198.51.100.1", null, 0, "[2001:db8::9]:53", null, 443)]
    [InlineData("2001:db8::1", null, 0, "192.0.2.10:53, [2001:db8::9]:53", "2001:db8::9", 53)]
    public void A_record_without_a_place_has_the_first_where_its_server_is_served(string client, string? local, int port, string served, string? placed, int placedPort)
    {
        Route route = RelayDriver.NewRoute();
        route.Settings = new RouteSettings { Listen = new ListenList(served.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(IPEndPoint.Parse)) };
        RelayDriver driver = new(RelaySettings.ForMappings(64), [route, RelayDriver.NewRoute()]);
        MappingRecord record = new() { Route = RouteKey.From(route.Key), Source = SourceOf(client, local, port) };
        Assert.Equal(SourceOf(client, placed, placedPort), new ListenPlaces(All, knowsLocal: true).Place(record, driver.Relay));
    }

    private static Source SourceOf(string client, string? local, int port) =>
        Source.From(new IPEndPoint(IPAddress.Parse(client), 1_000), local is null ? null : IPAddress.Parse(local), (ushort)port);
}
