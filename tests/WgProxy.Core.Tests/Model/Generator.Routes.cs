using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests.Model;

// Routes that come, change and go while traffic runs.
internal sealed partial class Generator
{
    /// <summary>The operator changes what the list has. The relays hear of it at once, one after the other, late, or not at all; what
    /// clients and servers send comes between.</summary>
    private IEnumerable<Step> Reload()
    {
        for (int rounds = _random.Next(1, 5); rounds > 0; rounds--)
        {
            int route = AnyRoute();
            int other = _both.Routes.Count;
            foreach (Step step in _random.Next(6) switch
            {
                0 => [new Step("remove", route)],
                1 => [new Step("add", other)],
                2 => [new Step("remove", route), new Step("add", SameServer(route))],
                _ => new Step[] { new(Pick("restrict", "confine", "shorten", "shorten", "relax"), route) },
            })
            {
                yield return step;
            }

            yield return Between(route);
            foreach (Step step in Told(route).Concat(Told(_both.Routes.Count - 1)))
            {
                yield return step;
            }

            yield return Between(route);
            yield return Step.Wait(Pick(0, 1, 1_000, 6_999, 7_000));
            if (_random.Next(2) == 0)
            {
                foreach (Step step in Prove(AnySource(), AnyRoute()))
                {
                    yield return step;
                }
            }
        }
    }

    private IEnumerable<Step> Told(int route) => _random.Next(8) switch
    {
        0 => [],
        1 => [new Step("inform", AnySource(), route), Between(route), new Step("tell", route)],
        _ => [new Step("tell", route)],
    };

    /// <summary>What comes between the change and the news of it: of clients of the route, more often than not.</summary>
    private Step Between(int route) => (_random.Next(5), AnyMapping(mapping => mapping.Route == route)) switch
    {
        (0, _) => AnyClient(),
        (1, { } mapping) => Step.Client(NumberOf(mapping), Ask(route, NewClient())),
        (2, { } mapping) => Step.Client(AnySource(), Message.Data(ServerIndexOf(mapping))),
        (3, { } mapping) => Step.Client(NumberOf(mapping), Message.Data(ServerIndexOf(mapping))),
        _ => Step.Client(AnySource(), Ask(route, NewClient())),
    };

    /// <summary>A number that was not used yet for a route to the same server, or to any.</summary>
    private int SameServer(int route)
    {
        int number = _both.Routes.Count;
        while (_random.Next(8) > 0 && number % ReferenceRoutes.Servers != route % ReferenceRoutes.Servers)
        {
            number++;
        }

        return number;
    }
}
