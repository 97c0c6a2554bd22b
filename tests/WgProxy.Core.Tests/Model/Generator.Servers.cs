using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests.Model;

// A server that does not answer, or moves; a host whose own paths change.
internal sealed partial class Generator
{
    /// <summary>A client sends, or asks, and goes unanswered; the server may be elsewhere, or answer after all.</summary>
    private IEnumerable<Step> Silence()
    {
        ReferenceMapping? mapping = AnyMapping(mapping => mapping.Proof >= Proof.Established && HasLivePair(mapping));
        if (mapping is null)
        {
            yield break;
        }

        (int source, int route) = (NumberOf(mapping), mapping.Route);
        for (int rounds = _random.Next(2, 7); rounds > 0; rounds--)
        {
            if (_random.Next(6) == 0)
            {
                yield return new Step(Pick("move", "list", "list"), route);
            }

            if (_random.Next(3) > 0)
            {
                yield return Step.Client(source, AnyRun(() => Message.Data(ServerIndexOf(mapping), AnyLength())));
            }
            else
            {
                yield return Step.Client(source, Ask(route, NewClient()));
            }

            if (_random.Next(5) == 0)
            {
                yield return _random.Next(2) == 0
                    ? Step.Server(source, route, AnyServerMessage(mapping))
                    : Step.Server(source, route, Message.Data(ClientIndexOf(mapping), AnyLength()));
            }

            if (_random.Next(10) == 0)
            {
                yield return Step.Cut(source, route, ordered: _random.Next(3) == 0);
            }

            if (_random.Next(6) == 0)
            {
                yield return Step.Heal(source, route);
            }

            if (_random.Next(10) == 0)
            {
                yield return new Step("pass", Pick(1, 1, 2));
                yield return Step.Client(AnySource(), Ask(route, NewClient()));
            }

            if (_random.Next(10) == 0)
            {
                yield return Step.Reroute(source, route, _random.Next(3) == 0 ? 30_000 + (int)(_fresh++ % 10_000) : 0);
            }

            yield return Step.Wait(Pick(1, 1_000, 1_999, 2_000, 2_999, 3_000, 3_999, 4_000, 4_999, 5_000, 5_001, 10_000, 10_999, 11_000, 11_001, 12_000));
        }
    }
}
