using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests.Model;

// Servers and relays that are loaded, and whom they let in.
internal sealed partial class Generator
{
    /// <summary>The server is loaded, and everybody asks it: strangers, those it knows, and live tunnels.</summary>
    private IEnumerable<Step> Crowd()
    {
        ReferenceMapping? asks = AnyMapping(mapping => mapping.Asked.Count > 0);
        if (asks is null)
        {
            yield break;
        }

        yield return Step.Server(NumberOf(asks), asks.Route, Message.Cookie(AskedIndexOf(asks), AnySeal()));
        for (int count = _random.Next(8, 30); count > 0; count--)
        {
            int source = _random.Next(2) == 0 && AnyMapping() is ReferenceMapping known ? NumberOf(known) : AnySource();
            yield return Step.Client(source, Ask(asks.Route, NewClient()));
            if (_both.Last == Verdict.Reply)
            {
                yield return Step.Client(source, Ask(asks.Route, NewClient(), "ours"));
            }

            if (_random.Next(3) == 0)
            {
                yield return Step.Wait(Pick(1, 10, 55, 56, 111, 112, 300, 499, 500, 1_999, 2_000));
            }
        }
    }

    /// <summary>The server says on a tunnel that it is loaded, and the client asks it again and again, with cookies.</summary>
    private IEnumerable<Step> Rekeys()
    {
        ReferenceMapping? mapping = AnyMapping(mapping => mapping.Proof >= Proof.Established && mapping.Asked.Count > 0);
        for (int round = mapping is null ? 0 : _random.Next(1, 4); round > 0; round--)
        {
            (int source, int route) = (NumberOf(mapping!), mapping!.Route);
            yield return Step.Server(source, route, Message.Cookie(mapping.Asked[^1], AnySeal()));
            for (int count = _random.Next(3, 9); count > 0; count--)
            {
                yield return Step.Client(source, Ask(route, NewClient(), Pick("", "ours", "ours", "ours", "theirs")));
                if (_random.Next(4) == 0)
                {
                    yield return Step.Wait(Pick(1, 56, 250, 499, 500, 999, 1_000, 1_999));
                }
            }

            yield return Step.Wait(Pick(1, 600, 1_500, 1_999, 2_000, 2_900, 3_900, 4_000, 4_100));
        }
    }

    /// <summary>Tunnels of one site ask a loaded server more often than there are places, and again about a second later.</summary>
    private IEnumerable<Step> Turns()
    {
        int route = AnyRoute();
        int first = _random.Next(12);
        int[] sources = [.. Enumerable.Range(0, 12).Where(other => AreOneSite(first, other) && (first - other) % Head.Workers == 0)];
        _random.Shuffle(sources);
        sources = sources[..Math.Min(sources.Length, 4)];
        foreach (Step step in sources.SelectMany(source => Prove(source, route)))
        {
            yield return step;
        }

        (int Source, uint Client)[] asked = [.. sources.Select(source => (source, NewClient()))];
        foreach ((int source, uint client) in asked)
        {
            yield return Step.Client(source, Ask(route, client));
            if (_both.Last == Verdict.Reply)
            {
                yield return Step.Client(source, Ask(route, client, "ours"));
            }
        }

        foreach ((int source, uint client) in asked)
        {
            yield return Step.Server(source, route, Message.Cookie(client, "genuine"));
        }

        // The first two have tokens, the others are put off twice: one of them takes a turn, and then others want one.
        int[] turns = [.. sources, .. sources, Pick(sources)];
        foreach (int source in turns)
        {
            yield return Step.Client(source, Ask(route, NewClient(), "theirs"));
        }

        yield return Step.Wait(Pick(1, 499, 500, 900, 999, 1_000));
        _random.Shuffle(sources);
        foreach (int source in sources)
        {
            yield return Step.Client(source, Ask(route, NewClient(), "theirs"));
        }
    }

    /// <summary>Others of an address that the server has accepted somebody at come in a crowd, within a second and after it.</summary>
    private IEnumerable<Step> Spare()
    {
        // An address that other scenes do not use, for whoever showed a cookie lately need not be spared; of it, the sources of one worker.
        int route = AnyRoute();
        int address = 3 * _random.Next(4, 8);
        int accepted = address + _random.Next(3);
        int[] sources = [.. Enumerable.Range(address, 3).Where(source => source != accepted && (source - accepted) % Head.Workers == 0)];
        _random.Shuffle(sources);

        // The crowd is to be as small as one can be: a larger one presses, and then nobody is spared. Most who came before are gone.
        yield return Step.Wait(Pick(15_000, 301_000));
        foreach (Step step in Prove(accepted, route))
        {
            yield return step;
        }

        for (int other = accepted % Head.Workers; other < 12 && IsQuiet(); other += Head.Workers)
        {
            yield return Step.Client(other, Ask(route, NewClient()));
            if (_both.Last == Verdict.Reply)
            {
                yield return Step.Client(other, Ask(route, NewClient(), "ours"));
            }
        }

        foreach ((int source, int on) in _both.Routes.Listed.ToArray().SelectMany(on => sources.Select(source => (source, on))))
        {
            uint client = NewClient();
            yield return Step.Client(source, Ask(on, client));
            if (_both.Last == Verdict.Open && _random.Next(4) > 0)
            {
                yield return Step.Server(source, on, Message.Answer(-1, NewServer(), client));
            }

            yield return Step.Wait(Pick(1, 500, 900, 999, 1_000));
        }

        bool IsQuiet() => _both.Live.Count(mapping => mapping.Proof == Proof.Asked && (NumberOf(mapping) - accepted) % Head.Workers == 0)
            <= Head.Settings.LoadedAsked;
    }

    /// <summary>Somebody asks in a client's name; the client shows what it is sent, then and later.</summary>
    private IEnumerable<Step> Forge()
    {
        ReferenceMapping? mapping = AnyMapping(mapping => mapping.Proof >= Proof.Answered) ?? AnyMapping();
        if (mapping is null)
        {
            yield break;
        }

        (int source, int route) = (NumberOf(mapping), mapping.Route);
        for (int count = _random.Next(5, 8); count > 0; count--)
        {
            yield return Step.Client(source, Ask(route, NewClient(), "theirs"));
        }

        for (int count = _random.Next(1, 14); count > 0; count--)
        {
            yield return Step.Client(source, Ask(route, NewClient(), Pick("ours", "ours", "ours", "ours", "ours", "ours", "others")));
            if (_random.Next(4) == 0)
            {
                yield return Step.Wait(Pick(1, 499, 500, 5_000, 119_000, 120_000, 179_999, 180_000, 240_000));
            }
        }
    }

    /// <summary>A client connects, unless it has a tunnel already.</summary>
    private IEnumerable<Step> Prove(int source, int route)
    {
        if (AnyMapping(mapping => NumberOf(mapping) == source && mapping.Route == route && mapping.Proof >= Proof.Established) is not null)
        {
            yield break;
        }

        (uint client, uint server) = (NewClient(), NewServer());
        yield return Step.Client(source, Ask(route, client));
        if (_both.Last == Verdict.Reply)
        {
            yield return Step.Client(source, Ask(route, client, "ours"));
        }

        yield return Step.Server(source, route, Message.Answer(-1, server, client));
        yield return Step.Client(source, Message.Data(server));
    }

    /// <summary>Sources of one IPv4 address, or of one IPv6 /48: all that have any.</summary>
    private static bool AreOneSite(int one, int other) => one / 3 == other / 3 || (one / 3 % 2 == 1 && other / 3 % 2 == 1);
}
