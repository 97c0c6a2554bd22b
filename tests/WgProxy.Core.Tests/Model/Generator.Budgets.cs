using WgProxy.Core.Routes;
using WgProxy.Core.Tunnels;

namespace WgProxy.Core.Tests.Model;

// More than a budget holds, or than anybody remembers.
internal sealed partial class Generator
{
    /// <summary>More bytes than a budget holds.</summary>
    private IEnumerable<Step> Flood()
    {
        ReferenceMapping? mapping = AnyMapping(mapping => mapping.Proof is Proof.Claimed or Proof.Answered) ?? AnyMapping();
        bool isClaim = mapping?.Proof == Proof.Claimed && _random.Next(2) == 0;
        int length = isClaim ? 1 << 20 : mapping?.Proof >= Proof.Established ? 13 << 20 : 60_000;
        for (int count = mapping is null ? 0 : _random.Next(4, 8); count > 0; count--)
        {
            yield return Step.Client(NumberOf(mapping!), Message.Data(isClaim ? ServerIndexOf(mapping) : 0x99, length - 64 + _random.Next(200)));
            yield return Step.Wait(Pick(1, 10, 100));
        }

        if (!isClaim)
        {
            yield break;
        }

        // To the byte: what is left is about as long as an answer.
        yield return Step.Wait(10_000);
        uint index = ServerIndexOf(mapping);
        yield return Step.Client(NumberOf(mapping!), Message.Data(index, (4 << 20) - _random.Next(300)));
        yield return Step.Client(NumberOf(mapping!), Message.Answer(mapping!.Route, NewClient(), index));
        yield return Step.Client(NumberOf(mapping!), Message.Cookie(index));
    }

    private IEnumerable<Step> Switches()
    {
        switch (_random.Next(10))
        {
            case 9:
                // Strangers come until no slot is left, because none is closed.
                yield return new Step("hold");
                for (int count = 0; count < 80; count++)
                {
                    yield return Step.Client(count % _sources, Ask(0, NewClient()));
                }

                yield return Step.Client(AnySource(), Message.Data(ServerIndexOf(AnyMapping(HasLivePair))));
                yield return new Step("release");
                break;
            case < 3:
                yield return new Step("unresolve", AnyRoute());
                yield return AnyClient();
                yield return Step.Client(AnySource(), Ask(AnyRoute(), NewClient()));
                yield return Step.Client(AnySource(), Message.Data(ServerIndexOf(AnyMapping())));
                yield return new Step("resolve", 0);
                yield return new Step("resolve", 1);
                yield return new Step("resolve", 2);
                break;
            case < 6:
                yield return new Step("refuse");
                break;
            default:
                yield return new Step("hold");
                for (int count = _random.Next(2, 8); count > 0; count--)
                {
                    yield return AnyClient();
                    yield return AnyTime();
                    yield return AnyServer();
                }

                yield return new Step("release");
                break;
        }
    }

    /// <summary>Strangers ask, or somebody asks without end.</summary>
    private IEnumerable<Step> Burst()
    {
        bool oneSource = _random.Next(2) == 0;
        int source = AnySource();
        int route = AnyRoute();
        for (int count = _random.Next(3, 10); count > 0; count--)
        {
            yield return Step.Client(oneSource ? source : AnySource(), Ask(route, NewClient()));
        }
    }
}
