using WgProxy.Core.Routes;
using WgProxy.Core.Tunnels;

namespace WgProxy.Core.Tests.Model;

// Two paths of one client, and two cookies.
internal sealed partial class Generator
{
    /// <summary>A client uses two paths in turn; keys are renewed on one of them and used on both. With several workers the
    /// paths often lead to two of them.</summary>
    private IEnumerable<Step> Alternate()
    {
        ReferenceMapping? home = AnyMapping(HasLivePair);
        if (home is null)
        {
            yield break;
        }

        ReferenceTunnel.Pair pair = Pick([.. home.Tunnel.Pairs.Where(pair => pair.Until > _both.Now)]);
        (int first, int second, int route) = (NumberOf(home), AnySource(), home.Route);
        (uint client, uint server) = (pair.Client, pair.Server);
        for (int rounds = _random.Next(1, 5); rounds > 0; rounds--)
        {
            yield return Step.Client(second, Message.Data(server));
            if (_random.Next(3) > 0)
            {
                yield return Step.Server(second, route, Message.Data(client));
            }

            (int asks, int answers) = _random.Next(2) == 0 ? (first, second) : (second, first);
            (client, server) = (NewClient(), NewServer());
            if (_random.Next(2) == 0)
            {
                yield return Step.Client(asks, Ask(route, client));
                yield return Step.Server(asks, route, Message.Answer(-1, server, client));
            }
            else
            {
                // The server asks on one path; both may know the question before it is answered on either.
                yield return Step.Server(asks, route, Message.Ask(-1, server));
                if (_random.Next(2) == 0)
                {
                    yield return Step.Client(AnySource(), Message.Data(ServerIndexOf(home)));
                }

                yield return Step.Client(answers, Message.Answer(route, client, server));
                if (_random.Next(2) == 0)
                {
                    yield return Step.Server(answers, route, Message.Data(client));
                }
            }

            (first, second) = (second, _random.Next(3) == 0 ? AnySource() : first);
            if (_random.Next(6) == 0)
            {
                yield return Pause();
            }
        }

        yield return Step.Client(second, Message.Data(server));
        yield return Step.Server(second, route, Message.Data(client));
    }

    /// <summary>Somebody asks in a client's name while the server is loaded: the client shows first the relay's cookie, then
    /// the server's.</summary>
    private IEnumerable<Step> ForgeUnderLoad()
    {
        ReferenceMapping? mapping = AnyMapping(mapping => mapping.Proof >= Proof.Established) ?? AnyMapping();
        if (mapping is null)
        {
            yield break;
        }

        (int source, int route) = (NumberOf(mapping), mapping.Route);
        for (int rounds = _random.Next(2, 4); rounds > 0; rounds--)
        {
            uint client = NewClient();
            for (int count = _random.Next(5, 7); count > 0; count--)
            {
                yield return Step.Client(source, Ask(route, _random.Next(4) == 0 ? client : NewClient()));
            }

            bool shows = _random.Next(8) > 0;
            yield return Step.Client(source, Ask(route, client, shows ? "ours" : "others"));
            if (_random.Next(6) == 0)
            {
                yield return Step.Client(source, Ask(route, NewClient(), "ours"));
            }

            yield return Step.Server(source, route, Message.Cookie(client, AnySeal()));
            yield return Step.Wait(Pick(0, 500, 2_000, 5_000));
            for (int count = _random.Next(6, 10); count > 0; count--)
            {
                yield return Step.Client(source, Ask(route, NewClient()));
            }

            for (int count = _random.Next(1, 4); count > 0; count--)
            {
                yield return Step.Client(source, Ask(route, NewClient(), "theirs"));
                yield return Step.Wait(Pick(1, 500, 2_000, 119_999, 129_999, 130_000));
                for (int forged = 0; forged < 6; forged++)
                {
                    yield return Step.Client(source, Ask(route, NewClient(), ""));
                }
            }
        }
    }
}
