using System.Net;
using WgProxy.Configuration;
using WgProxy.Core.Routes;

namespace WgProxy.Resolving;

/// <summary>The addresses of one endpoint of a server. The route has those of all its endpoints, in their order.</summary>
internal sealed class EndpointAddresses
{
    private readonly EndpointAddresses[] _all;
    private readonly Route _route;
    private readonly string _endpoint;
    private bool _isOver;

    private EndpointAddresses(Route route, EndpointAddresses[] all, string endpoint) => (_route, _all, _endpoint) = (route, all, endpoint);

    /// <summary>This endpoint's addresses, best first. A published list never changes.</summary>
    public IReadOnlyList<IPEndPoint> Addresses { get; private set; } = [];

    /// <summary>Whether no resolver has answered yet: they are what the operator wrote, or what a name was resolved to before a restart.</summary>
    public bool ArePresumed { get; private set; }

    /// <summary>The best of them; null while there is none.</summary>
    public IPEndPoint? Server => Addresses is [IPEndPoint best, ..] ? best : null;

    /// <summary>One for each endpoint of a route. An endpoint that was there before goes on from its addresses. One that has none takes those
    /// of an endpoint that is no more, until it is resolved. The route then has the addresses of these. Whether it had others before.</summary>
    /// <param name="route">The route.</param>
    /// <param name="endpoints">Its endpoints.</param>
    /// <param name="former">Those of the route until now; empty in the beginning. They publish nothing from now on.</param>
    /// <param name="all">The addresses of each endpoint.</param>
    public static bool Follow(
        Route route, IReadOnlyList<ServerName> endpoints, IReadOnlyList<EndpointAddresses> former, out IReadOnlyList<EndpointAddresses> all)
    {
        End(former);
        Dictionary<string, EndpointAddresses> left = former.ToDictionary(endpoint => endpoint._endpoint, StringComparer.Ordinal);
        EndpointAddresses[] made = new EndpointAddresses[endpoints.Count];
        for (int place = 0; place < made.Length; place++)
        {
            made[place] = new EndpointAddresses(route, made, endpoints[place].ToString());
            if (left.Remove(made[place]._endpoint, out EndpointAddresses? same))
            {
                (made[place].Addresses, made[place].ArePresumed) = (same.Addresses, same.ArePresumed);
            }
        }

        Queue<IReadOnlyList<IPEndPoint>> gone = new(former.Where(endpoint => left.ContainsKey(endpoint._endpoint) && endpoint.Server is not null)
            .Select(endpoint => endpoint.Addresses));
        foreach (EndpointAddresses endpoint in made.Where(endpoint => endpoint.Server is null))
        {
            endpoint.Addresses = gone.TryDequeue(out IReadOnlyList<IPEndPoint>? addresses) ? addresses : [];
        }

        all = made;
        bool differs = former.Count > 0 && !Joined(made).SequenceEqual(route.Addresses);
        if (differs)
        {
            route.Publish(Joined(made));
        }

        return differs;
    }

    /// <summary>Publishes what this endpoint's addresses are before a resolver has answered.</summary>
    public void Presume(IReadOnlyList<IPEndPoint> addresses) => Publish(addresses, arePresumed: addresses.Count > 0);

    /// <summary>Publishes this endpoint's addresses with those of the others. Each endpoint has a resolver of its own, on any thread.</summary>
    public void Publish(IReadOnlyList<IPEndPoint> addresses) => Publish(addresses, arePresumed: false);

    /// <summary>Gives up those of this endpoint's addresses that cannot be the server's any more. Any thread.</summary>
    /// <param name="cannotBe">Which they are.</param>
    /// <param name="takeBack">Publishes them again, unless a resolver has answered meanwhile.</param>
    /// <returns>The first that was given up; null for none.</returns>
    public IPEndPoint? GiveUp(Func<IPEndPoint, bool> cannotBe, out Action takeBack)
    {
        lock (_all)
        {
            IReadOnlyList<IPEndPoint> former = Addresses;
            IPEndPoint? first = _isOver ? null : former.FirstOrDefault(cannotBe);
            IReadOnlyList<IPEndPoint> left = first is null ? former : [.. former.Where(address => !cannotBe(address))];
            if (first is not null)
            {
                Addresses = left;
                _route.Publish(Joined(_all));
            }

            takeBack = () => TakeBack(left, former);
            return first;
        }
    }

    private void TakeBack(IReadOnlyList<IPEndPoint> left, IReadOnlyList<IPEndPoint> former)
    {
        lock (_all)
        {
            if (!_isOver && ReferenceEquals(Addresses, left))
            {
                Addresses = former;
                _route.Publish(Joined(_all));
            }
        }
    }

    private void Publish(IReadOnlyList<IPEndPoint> addresses, bool arePresumed)
    {
        lock (_all)
        {
            if (_isOver)
            {
                return;
            }

            (Addresses, ArePresumed) = (addresses, arePresumed);
            _route.Publish(Joined(_all));
        }
    }

    private static IPEndPoint[] Joined(EndpointAddresses[] all) => [.. all.SelectMany(endpoint => endpoint.Addresses).Distinct()];

    // A resolver that was cancelled may still be taking an answer.
    private static void End(IReadOnlyList<EndpointAddresses> former)
    {
        foreach (EndpointAddresses endpoint in former)
        {
            lock (endpoint._all)
            {
                endpoint._isOver = true;
            }
        }
    }
}
