using WgProxy.Core.Tunnels;

namespace WgProxy.Core.Tests.Model;

// A fleet: records of tunnels come to a store, their clients to other relays, or back.
internal sealed partial class Generator
{
    /// <summary>A tunnel is stored, and its index comes from elsewhere: mostly when its mapping has ended here, or to another worker.</summary>
    private IEnumerable<Step> Steer()
    {
        if (AnyMapping(HasLivePair) is not ReferenceMapping home)
        {
            yield break;
        }

        ReferenceTunnel.Pair pair = Pick([.. home.Tunnel.Pairs.Where(pair => pair.Until > _both.Now)]);
        (int source, int route) = (NumberOf(home), home.Route);
        yield return new Step("store", source, route);
        if (_random.Next(2) == 0)
        {
            // The relay is gone, and another has nothing of its state.
            yield return new Step("restart", Pick(200_000, 150_000, 1));
        }

        int moved = _random.Next(2) == 0 ? source : AnySource();
        for (int packets = _random.Next(1, 4); packets > 0; packets--)
        {
            yield return Step.Client(moved, Message.Data(pair.Server));
            yield return Step.Wait(Pick(0, 1, 63, 64, 65, 1_000, 30_000));
            yield return new Step("found", moved, (int)pair.Server);
            if (_random.Next(8) == 0)
            {
                yield return Step.Wait(Pick(29_999, 30_000, 1));
            }

            yield return Step.Client(moved, Message.Data(pair.Server));
            yield return Step.Server(moved, route, Message.Data(pair.Client));
        }
    }

    /// <summary>Something is stored, or a worker is told of something that is.</summary>
    private IEnumerable<Step> Fleet()
    {
        for (int rounds = _random.Next(1, 6); rounds > 0; rounds--)
        {
            ReferenceMapping? mapping = AnyMapping();
            if (mapping is not null && _random.Next(2) == 0)
            {
                yield return new Step("store", NumberOf(mapping), mapping.Route);
            }
            else if (_both.Stored is { Count: > 0 } stored)
            {
                uint index = Pick(stored);
                int source = AnySource();
                yield return new Step("found", source, (int)index);
                yield return Step.Client(source, _random.Next(4) > 0 ? Message.Data(index) : Message.Answer(AnyRoute(), NewClient(), index));
            }
            else
            {
                int source = AnySource();
                for (int guesses = _random.Next(1, 12); guesses > 0; guesses--)
                {
                    yield return Step.Client(source, Message.Data(NewServer()));
                }
            }
        }
    }
}
