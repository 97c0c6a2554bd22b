using System.Net;
using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests.Model;

// What is done to relays and models between datagrams: routes change, addresses move, a process ends and another begins.
internal sealed partial class Lockstep
{
    /// <summary>The server of a route has a new address; maybe beside the one it had.</summary>
    private string? Move(int route, bool keeps)
    {
        IPEndPoint better = new(IPAddress.Loopback, ++_serverPort);
        _routes[route].Publish(keeps ? [better, .. _routes[route].Addresses.Take(3)] : [better]);
        return Tell(route, _workers) ?? Each(worker => worker.Advance(Now, out _));
    }

    private string? Publish(Step step)
    {
        Route route = _routes[Math.Min(step.Number, _routes.Count - 1)];
        RouteSettings free = route.Settings with { Deny = AddressList.Empty, Listen = ListenList.Everywhere, IdleTimeout = null, Rate = Rate.Unlimited, TunnelRate = Rate.Unlimited };
        route.Settings = step.Kind switch
        {
            "restrict" => free with { Deny = Sequence.Denied },
            "confine" => free with { Listen = Sequence.Confined },
            "shorten" => free with { IdleTimeout = TimeSpan.FromSeconds(7) },
            "throttle" => free with { Rate = new Rate(300_000, 250_000), TunnelRate = new Rate(200_000, 170_000) },
            "enroll" => ReferencePeers.Enroll(route.Settings, step.Route),
            _ => free,
        };
        return null;
    }

    private string? Tell(int route, IReadOnlyList<Worker> workers)
    {
        foreach (Worker worker in workers.Where(_ => _routes.WasAdded(route)))
        {
            worker.Tell(route);
        }

        return null;
    }

    /// <summary>All workers stop at once; after a while others go on with what was recorded.</summary>
    private string? Restart(int milliseconds)
    {
        if (EndQueries() is string problem)
        {
            return problem;
        }

        _ = Each(worker =>
        {
            worker.Stop(Now);
            return null;
        });
        BeginQueries();
        Relay.ConnectNeighbours([.. _workers.Select(worker => worker.Relay)]);
        Now += milliseconds;
        return Each(worker => worker.Restart(Now)) ?? Advance(out _);
    }
}
