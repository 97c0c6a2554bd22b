namespace WgProxy.Core.Tests.Model;

// More data than rates let pass.
internal sealed partial class Generator
{
    /// <summary>A route has rates, and its tunnels carry about as much as these let pass: to the byte, in runs that are cut, both ways.
    /// </summary>
    private IEnumerable<Step> Throttle()
    {
        ReferenceMapping? mapping = AnyMapping(HasLivePair);
        int route = mapping?.Route ?? AnyRoute();
        yield return new Step("throttle", route);
        yield return new Step("tell", route);
        if (mapping is null)
        {
            foreach (Step step in Prove(AnySource(), route))
            {
                yield return step;
            }
        }

        for (int rounds = _random.Next(4, 12); rounds > 0; rounds--)
        {
            ReferenceMapping? carrier = AnyMapping(mapping => mapping.Route == route && HasLivePair(mapping)) ?? AnyMapping(HasLivePair);
            if (carrier is null)
            {
                yield break;
            }

            // The last of a run may be shorter: a keepalive, a byte more, or about what is left.
            int each = Pick(1_452, 9_000, 20_000, 32, 33);
            int last = Pick(each, each - 1, 32, 33, 700);
            bool isUp = _random.Next(2) == 0;
            uint index = isUp ? ServerIndexOf(carrier) : Pick(carrier.Tunnel.Pairs.Select(pair => pair.Client).ToArray());
            Message[] run = [.. Enumerable.Repeat(Message.Data(index, each), _random.Next(1, 7)), Message.Data(index, Math.Clamp(last, 32, each))];
            yield return isUp ? Step.Client(NumberOf(carrier), run) : Step.Server(NumberOf(carrier), carrier.Route, run);
            yield return Step.Wait(Pick(0, 0, 0, 1, 3, 7, 50, 1_000));
        }

        if (_random.Next(4) > 0)
        {
            yield return new Step("relax", route);
            yield return new Step("tell", route);
        }
    }
}
