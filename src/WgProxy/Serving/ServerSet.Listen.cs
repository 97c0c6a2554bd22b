using WgProxy.Resolving;

namespace WgProxy.Serving;

// What becomes of servers' addresses when the relay listens elsewhere.
internal sealed partial class ServerSet
{
    /// <summary>The relay is about to listen elsewhere: servers give up addresses that will be its own, for these would be a loop. The engine is told
    /// by <see cref="ListensElsewhere"/>.</summary>
    /// <returns>What was given up.</returns>
    public IReadOnlyList<GivenUp> GiveUpOwn() =>
    [
        .. All.SelectMany(served => served.Resolvers.Select(resolver => (Served: served, Given: resolver.GiveUpOwn())))
            .Where(each => each.Given is not null)
            .Select(each => new GivenUp(each.Served.Id, each.Given!)),
    ];

    /// <summary>The relay listens elsewhere. Each server's addresses are judged again: some may be the relay's own now, some no longer.</summary>
    /// <param name="given">What servers have given up for that.</param>
    public void ListensElsewhere(IReadOnlyList<GivenUp> given)
    {
        foreach (RouteId route in given.Select(each => each.Route).Distinct())
        {
            Changed(route);
        }

        foreach (RouteResolver resolver in All.SelectMany(served => served.Resolvers))
        {
            resolver.JudgeAgain();
        }
    }
}
