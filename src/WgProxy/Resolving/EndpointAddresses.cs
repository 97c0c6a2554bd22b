using System.Net;
using WgProxy.Core.Routes;

namespace WgProxy.Resolving;

/// <summary>The addresses of one endpoint of a server. The route has those of all its endpoints, in their order.</summary>
internal sealed class EndpointAddresses
{
    private readonly EndpointAddresses[] _all;
    private readonly Route _route;

    private EndpointAddresses(Route route, EndpointAddresses[] all) => (_route, _all) = (route, all);

    /// <summary>This endpoint's addresses, best first. A published list never changes.</summary>
    public IReadOnlyList<IPEndPoint> Addresses { get; private set; } = [];

    /// <summary>The best of them; null while there is none.</summary>
    public IPEndPoint? Server => Addresses is [IPEndPoint best, ..] ? best : null;

    /// <summary>One for each endpoint of a route. The only endpoint of a route goes on from the addresses that the route has.</summary>
    public static IReadOnlyList<EndpointAddresses> Of(Route route, int endpoints)
    {
        EndpointAddresses[] all = new EndpointAddresses[endpoints];
        for (int place = 0; place < endpoints; place++)
        {
            all[place] = new EndpointAddresses(route, all) { Addresses = endpoints == 1 ? route.Addresses : [] };
        }

        return all;
    }

    /// <summary>Publishes this endpoint's addresses with those of the others. Each endpoint has a resolver of its own, on any thread.</summary>
    public void Publish(IReadOnlyList<IPEndPoint> addresses)
    {
        lock (_all)
        {
            Addresses = addresses;
            _route.Publish([.. _all.SelectMany(endpoint => endpoint.Addresses).Distinct()]);
        }
    }
}
