using WgProxy.Core.Routes;
using WgProxy.Core.Tunnels;

namespace WgProxy.Core.Tests.Model;

// What really happens, in its usual order.
internal sealed partial class Generator
{
    /// <summary>A client connects, or rekeys: asks, is answered, sends, is sent to.</summary>
    private IEnumerable<Step> Handshake()
    {
        ReferenceMapping? known = _random.Next(3) == 0 ? AnyMapping() : null;
        (int source, int route) = known is null ? (AnySource(), AnyRoute()) : (NumberOf(known), known.Route);
        (uint client, uint server) = (NewClient(), NewServer());
        yield return Step.Client(source, Ask(route, client));
        if (_both.Last == Verdict.Reply && _random.Next(8) > 0)
        {
            yield return Step.Wait(Pick(1, 5_000, 5_300));
            yield return Step.Client(source, Ask(route, client, "ours"));
        }

        if (_random.Next(4) == 0)
        {
            yield return Step.Server(source, route, Message.Cookie(client, AnySeal()));
            yield return Step.Wait(5_000);
            yield return Step.Client(source, Ask(route, client, Pick("theirs", "theirs", "ours")));
        }

        if (_random.Next(10) > 0)
        {
            yield return Step.Server(source, route, Message.Answer(-1, server, client));
            foreach (Step step in _random.Next(8) > 0 ? Exchange(source, route, client, server) : [])
            {
                yield return step;
            }
        }
    }

    /// <summary>The server rekeys, on any port it knows; the client answers there, or from elsewhere.</summary>
    private IEnumerable<Step> ServerHandshake()
    {
        ReferenceMapping? mapping = AnyMapping(mapping => mapping.Proof != Proof.Claimed || _random.Next(2) == 0);
        if (mapping is null)
        {
            yield break;
        }

        (uint client, uint server) = (NewClient(), NewServer());
        yield return Step.Server(NumberOf(mapping), mapping.Route, Message.Ask(-1, server));
        if (_random.Next(3) == 0)
        {
            yield return Pause();
        }

        int source = _random.Next(4) == 0 ? AnySource() : NumberOf(mapping);
        yield return Step.Client(source, Message.Answer(mapping.Route, client, server));
        if (_random.Next(4) > 0)
        {
            yield return Step.Server(source, mapping.Route, Message.Data(client));
            yield return Step.Client(source, Message.Data(server));
        }
    }

    /// <summary>A live index appears elsewhere; perhaps the server follows.</summary>
    private IEnumerable<Step> Roam()
    {
        ReferenceMapping? home = AnyMapping(HasLivePair);
        if (home is null)
        {
            yield break;
        }

        ReferenceTunnel.Pair pair = Pick([.. home.Tunnel.Pairs.Where(pair => pair.Until > _both.Now)]);
        for (int moves = _random.Next(1, 7); moves > 0; moves--)
        {
            int source = AnySource();
            yield return Step.Client(source, Message.Data(pair.Server, AnyLength()));
            if (_random.Next(3) > 0)
            {
                yield return Step.Server(source, home.Route, Message.Data(pair.Client));
            }

            if (_random.Next(3) == 0)
            {
                yield return Pause();
            }
        }
    }

    /// <summary>Many claim one tunnel, and the server follows few; strangers ask meanwhile, so that its other members must
    /// make room; then more claim.</summary>
    private IEnumerable<Step> Storm()
    {
        ReferenceMapping? home = AnyMapping(mapping => mapping.Proof is Proof.Lingering && HasLivePair(mapping)) ?? AnyMapping(HasLivePair);
        if (home is null)
        {
            yield break;
        }

        ReferenceTunnel.Pair pair = Pick([.. home.Tunnel.Pairs.Where(pair => pair.Until > _both.Now)]);
        int follows = Pick(0, 2, 4);
        int[] sources = [.. Enumerable.Range(0, _sources)];
        _random.Shuffle(sources);
        for (int i = 0; i < sources.Length; i++)
        {
            yield return i >= 4 && _random.Next(2) == 0
                ? Step.Client(sources[i], Ask(home.Route, NewClient()))
                : Step.Client(sources[i], Message.Data(pair.Server));
            if (_random.Next(8) < follows)
            {
                yield return Step.Server(sources[i], home.Route, Message.Data(pair.Client));
            }
        }
    }

    /// <summary>More questions or answers than anybody remembers.</summary>
    private IEnumerable<Step> Overrun()
    {
        ReferenceMapping? mapping = AnyMapping(mapping => mapping.Proof >= Proof.Answered) ?? AnyMapping();
        if (mapping is null)
        {
            yield break;
        }

        (int source, int route) = (NumberOf(mapping), mapping.Route);
        bool byServer = _random.Next(2) == 0;
        int pace = Pick(0, 1, 1_000, 1_100);
        List<(uint Client, uint Server)> all = [];
        for (int count = _random.Next(7, 11); count > 0; count--)
        {
            (uint client, uint server) = (NewClient(), NewServer());
            all.Add((client, server));
            yield return byServer
                ? Step.Server(source, route, Message.Ask(-1, server))
                : Step.Client(source, Ask(route, client));
            if (_random.Next(2) == 0)
            {
                yield return byServer
                    ? Step.Client(source, Message.Answer(route, client, server))
                    : Step.Server(source, route, Message.Answer(-1, server, client));
                if (byServer)
                {
                    yield return Step.Server(source, route, Message.Data(client));
                }
            }

            yield return Step.Wait(pace);
        }

        foreach ((uint client, uint server) in all)
        {
            yield return _random.Next(3) switch
            {
                0 => Step.Client(source, Message.Data(server)),
                1 => Step.Client(AnySource(), Message.Data(server)),
                _ => Step.Server(source, route, byServer ? Message.Data(client) : Message.Answer(-1, server, client)),
            };
        }
    }

    /// <summary>An answer to an initiation that did not come this way, and a client that uses it.</summary>
    private IEnumerable<Step> Unasked()
    {
        ReferenceMapping? mapping = AnyMapping();
        (int source, int route) = mapping is null ? (AnySource(), AnyRoute()) : (NumberOf(mapping), mapping.Route);
        (uint client, uint server) = (NewClient(), NewServer());
        yield return Step.Client(source, Ask(route, NewClient()));
        yield return Step.Server(source, route, Message.Answer(-1, server, client));
        foreach (Step step in Exchange(source, route, client, server))
        {
            yield return step;
        }
    }

    /// <summary>Somebody unproven lingers, because the server has asked there; then either end speaks again.</summary>
    private IEnumerable<Step> Reappear()
    {
        ReferenceMapping? mapping = AnyMapping(mapping => mapping.Proof is Proof.Asked or Proof.Claimed);
        (int source, int route) = mapping is null ? (AnySource(), AnyRoute()) : (NumberOf(mapping), mapping.Route);
        for (int count = _random.Next(2, 5); count > 0; count--)
        {
            yield return Step.Client(source, Ask(route, NewClient()));
        }

        yield return Step.Server(source, route, Message.Ask(-1, NewServer()));
        yield return Step.Wait(Pick(15_000, 35_000, 120_000, 180_000));
        yield return _random.Next(4) switch
        {
            0 => Step.Client(source, Ask(route, NewClient())),
            1 => Step.Client(source, Message.Data(ServerIndexOf(mapping))),
            2 => Step.Client(source, Message.Answer(route, NewClient(), ServerIndexOf(AnyMapping(some => some.Source == Lockstep.SourceOf(source))))),
            _ => Step.Server(source, route, Message.Ask(-1, NewServer())),
        };
    }

    /// <summary>Who came to a tunnel is answered, falls silent, and comes back by the keys he came with.</summary>
    private IEnumerable<Step> Return()
    {
        ReferenceMapping? home = AnyMapping(HasLivePair);
        if (home is null)
        {
            yield break;
        }

        (int source, uint known, uint client) = (AnySource(), ServerIndexOf(home), NewClient());
        yield return Step.Client(source, Message.Data(known));
        yield return Step.Client(source, Ask(home.Route, client));
        yield return Step.Server(source, home.Route, Message.Answer(-1, NewServer(), client));
        yield return Step.Wait(Pick(29_999, 30_000, 31_000, 60_000));
        yield return Step.Client(source, Message.Data(known));
    }

    private IEnumerable<Step> Exchange(int source, int route, uint client, uint server)
    {
        yield return Step.Client(source, Message.Data(server));
        if (_random.Next(6) > 0)
        {
            yield return Step.Server(source, route, Message.Data(client));
        }
    }

    private bool HasLivePair(ReferenceMapping mapping) => mapping.Tunnel.Pairs.Any(pair => pair.Until > _both.Now);

    /// <summary>What has passed comes again, from where it came or from elsewhere.</summary>
    private IEnumerable<Step> Replay()
    {
        Step[] packets = [.. _past.TakeLast(40).Where(step => step.Kind is "client" or "server")];
        for (int count = Math.Min(packets.Length, _random.Next(1, 5)); count > 0; count--)
        {
            Step step = Pick(packets);
            yield return step.Kind is "client" && _random.Next(2) == 0 ? step with { Number = AnySource() } : step;
        }
    }

    /// <summary>Both ends of one tunnel speak for a while.</summary>
    private IEnumerable<Step> Traffic()
    {
        ReferenceMapping? mapping = AnyMapping(mapping => mapping.Tunnel.Pairs.Count > 0);
        for (int count = mapping is null ? 0 : _random.Next(1, 6); count > 0; count--)
        {
            yield return _random.Next(2) == 0
                ? Step.Client(NumberOf(mapping!), AnyRun(() => Message.Data(ServerIndexOf(mapping), AnyLength())))
                : Step.Server(NumberOf(mapping!), mapping!.Route, AnyRun(() => Message.Data(ClientIndexOf(mapping), AnyLength())));
            yield return AnyTime();
        }
    }
}
