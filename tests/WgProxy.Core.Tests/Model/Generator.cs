using WgProxy.Core.Routes;
using WgProxy.Core.Tunnels;

namespace WgProxy.Core.Tests.Model;

/// <summary>
/// Makes up what happens next. It looks at the model, so that what real clients and servers do — handshakes, rekeys,
/// roams — is common, and so that deadlines are met to the millisecond; beside that, anything may come.
/// </summary>
internal sealed partial class Generator
{
    private readonly Random _random;
    private readonly Lockstep _both;
    private readonly int _sources;
    private readonly int _pool;
    private readonly List<Step> _past = [];
    private uint _fresh;

    public Generator(Random random, Sequence head, Lockstep both)
    {
        (_random, _both, Head) = (random, both, head);
        _sources = random.Next(3, 13);
        _pool = random.Next(2, 14);
    }

    private Sequence Head { get; }

    /// <summary>Settings small enough that everything is under pressure.</summary>
    public static Sequence NewHead(Random random)
    {
        int routes = random.Next(1, 4);

        // As many as survive being written down.
        (ulong K0, ulong K1) hash = ((ulong)random.Next(), 0);
        return new Sequence(
            routes,
            new RelaySettings
            {
                MaxMappings = random.Next(6, 13),
                MaxAsked = Pick(random, 3, 4, 5, 8),
                MaxClaimed = random.Next(4) == 0 ? 6 : 3,
                IdleTimeout = TimeSpan.FromSeconds(Pick(random, 1, 20, 60, 300, 300, 300)),
                Adopt = routes == 1 && random.Next(4) == 0,

                // Another seed, other collisions in the hashed tables.
                HashSeed = hash,
                CookieSeed = (0, hash.K0),
                LoadedAsked = Pick(random, 1, 2, 3, 1_024, 1_024, 1_024),
                PrefixShare = Pick(random, 1, 2, 3, 64, 64, 64),
                Allow = random.Next(12) == 0 ? Sequence.Allowed : AddressList.Empty,
                Deny = random.Next(8) == 0 ? Sequence.Denied : AddressList.Empty,
            },
            []) { Workers = Pick(random, 1, 1, 2, 3) };
    }

    /// <summary>The next steps; each is made up only after the one before it has been done.</summary>
    public IEnumerable<Step> Next()
    {
        IEnumerable<Step> steps = _past.Count == 0 && _random.Next(2) == 0 ? Enroll() : _random.Next(100) switch
        {
            < 22 => Handshake(),
            < 30 => ServerHandshake(),
            < 40 => Roam(),
            < 42 => Storm(),
            < 47 => Overrun(),
            < 49 => Unasked(),
            < 51 => Replay(),
            < 53 => Alternate(),
            < 56 => Reappear(),
            < 58 => Traffic(),
            < 59 => Throttle(),
            < 60 => _random.Next(2) == 0 ? Silence() : [new Step("restart", Pick(0, 0, 1, 500, 20_000, 200_000))],
            < 62 => SharedIndex(),
            < 63 => TwoServers(),
            < 65 => _random.Next(2) == 0 ? Reload() : Enroll(),
            < 72 => [AnyClient()],
            < 80 => [AnyServer()],
            < 92 => _random.Next(8) > 0 ? [AnyTime()] : _random.Next(3) == 0 ? Fleet() : Steer(),
            < 93 => Spare(),
            < 94 => _random.Next(2) == 0 ? Turns() : Return(),
            < 95 => Flood(),
            < 96 => Crowd(),
            < 97 => _random.Next(2) == 0 ? Forge() : ForgeUnderLoad(),
            < 98 => _random.Next(2) == 0 ? Switches() : Turns(),
            < 99 => Rekeys(),
            _ => Burst(),
        };
        foreach (Step made in steps)
        {
            Step step = ForPeers(made);
            _past.Add(step);
            yield return step;
            if (_random.Next(12) == 0)
            {
                // Something comes between, or the rest never happens.
                Step between = ForPeers(_random.Next(3) switch { 0 => AnyClient(), 1 => AnyServer(), _ => AnyTime() });
                _past.Add(between);
                yield return between;
                if (_random.Next(3) == 0)
                {
                    yield break;
                }
            }
        }
    }

    private static T Pick<T>(Random random, params IReadOnlyList<T> from) => from[random.Next(from.Count)];

    private T Pick<T>(params IReadOnlyList<T> from) => Pick(_random, from);

    private int AnySource() => _random.Next(_sources) + (_random.Next(8) == 0 ? Lockstep.Elsewhere : 0);

    /// <summary>A route that is in the list; seldom another.</summary>
    private int AnyRoute() => _both.Routes.Listed.Count == 0 || _random.Next(20) == 0
        ? _random.Next(_both.Routes.Count)
        : _both.Routes.Listed.ElementAt(_random.Next(_both.Routes.Listed.Count));

    /// <summary>An index: fresh as WireGuard's are, or from a pool so small that indices collide.</summary>
    private uint New(uint kind) => _random.Next(3) > 0 ? kind + 0x100 + _fresh++ : kind + (uint)_random.Next(_pool);

    /// <summary>An initiation unlike any before; with a mac2 if there is a reason to, or for none.</summary>
    private Message Ask(int route, uint sender, string mac2 = "") => Message.Ask(
        route, sender, ++_fresh, mac2.Length > 0 ? mac2 : Pick("", "", "", "", "", "", "ours", "ours", "others", "theirs"));

    private uint NewServer() => New(0x5000);

    private uint NewClient() => New(0xC000);

    private ReferenceMapping? AnyMapping(Func<ReferenceMapping, bool>? which = null)
    {
        ReferenceMapping[] some = [.. _both.Live.Where(which ?? (_ => true))];
        return some.Length == 0 ? null : Pick(some);
    }

    private static int NumberOf(ReferenceMapping mapping) => Lockstep.NumberOf(mapping.Source);

    /// <summary>An index that the mapping's server has named, or none that anybody knows.</summary>
    private uint ServerIndexOf(ReferenceMapping? mapping)
    {
        uint[] known = mapping is null ? [] : [.. mapping.Tunnel.Pairs.Select(pair => pair.Server), .. mapping.Tunnel.Asks.Select(ask => ask.Server)];
        return known.Length > 0 && _random.Next(12) > 0 ? Pick(known) : NewServer();
    }

    private uint ClientIndexOf(ReferenceMapping? mapping)
    {
        uint[] known = mapping is null ? [] :
            [.. mapping.Tunnel.Pairs.Select(pair => pair.Client), .. mapping.Tunnel.Asks.Select(ask => ask.Client ?? 0xC000)];
        return known.Length > 0 && _random.Next(12) > 0 ? Pick(known) : NewClient();
    }

    private uint AskedIndexOf(ReferenceMapping? mapping) =>
        mapping?.Asked.Count > 0 && _random.Next(12) > 0 ? Pick(mapping.Asked) : NewClient();

    private string AnySeal() => Pick("genuine", "genuine", "astray", "");

    private int AnyLength() => Pick(32, 32, 32, 48, 148, 1_452, 60_000);

    private Step AnyTime()
    {
        long toDeadline = _both.Live.Count == 0 ? 0 : Pick(_both.Live).Expires - _both.Now;
        int time = _random.Next(6) switch
        {
            0 => _random.Next(1, 50),
            1 => _random.Next(100, 2_000),
            2 => _random.Next(1, 400_000),
            3 => Pick(5_000, 10_000, 15_000, 25_000, 30_000, 60_000, 100_000, 120_000, 180_000, 190_000, 300_000) + _random.Next(-1, 2),
            _ => (int)Math.Clamp(toDeadline + _random.Next(-1, 2), 1, 400_000),
        };
        return new Step(Pick("wait", "wait", "wait", "wait", "late", "sleep"), time);
    }

    private Step Pause() => Step.Wait(Pick(1, 1, 20, 300, 1_000, 5_000));

    private Step AnyClient()
    {
        ReferenceMapping? mapping = AnyMapping();
        int source = mapping is not null && _random.Next(2) > 0 ? NumberOf(mapping) : AnySource();
        source += _random.Next(40) == 0 ? Lockstep.Portless : 0;
        return Step.Client(source, AnyRun(() => AnyClientMessage(mapping)));
    }

    private Step AnyServer()
    {
        ReferenceMapping? mapping = _random.Next(8) == 0 ? (_both.Closing is [.., ReferenceMapping last] ? last : null) : AnyMapping();
        ReferenceMapping? other = _random.Next(4) == 0 ? AnyMapping() : mapping;
        return mapping is null
            ? Step.Server(AnySource(), AnyRoute(), AnyServerMessage(other))
            : new Step(_both.Live.Contains(mapping) ? "server" : "closed", NumberOf(mapping), mapping.Route, AnyRun(() => AnyServerMessage(other)));
    }

    private Message[] AnyRun(Func<Message> message)
    {
        Message first = message();
        return _random.Next(5) switch
        {
            // A stride of a few bytes cuts a long datagram into thousands; two empty ones say enough.
            _ when first.Length < 16 => [first, .. Enumerable.Range(0, _random.Next(2)).Select(_ => first)],
            0 => [first, first, .. Enumerable.Range(0, _random.Next(3)).Select(_ => _random.Next(3) > 0 ? first : message())],
            1 when first.Kind is "data" => [first, first, first with { Length = _random.Next(32, first.Length + 1) }],
            _ => [first],
        };
    }

    private Message AnyClientMessage(ReferenceMapping? mapping)
    {
        int route = _random.Next(10) == 0 ? -1 : mapping is not null && _random.Next(4) > 0 ? mapping.Route : AnyRoute();
        return _random.Next(12) switch
        {
            < 4 => Ask(route, _random.Next(4) == 0 ? AskedIndexOf(mapping) : NewClient()),
            < 6 => Message.Answer(route, _random.Next(4) == 0 ? ClientIndexOf(mapping) : NewClient(), ServerIndexOf(mapping)),
            < 7 => Message.Cookie(ServerIndexOf(mapping)),
            < 11 => Message.Data(ServerIndexOf(mapping), AnyLength()),
            _ => Malformed(),
        };
    }

    private Message AnyServerMessage(ReferenceMapping? mapping) => _random.Next(12) switch
    {
        < 3 => Message.Ask(-1, _random.Next(3) == 0 ? ServerIndexOf(mapping) : NewServer()),
        < 6 => Message.Answer(-1, _random.Next(3) == 0 ? ServerIndexOf(mapping) : NewServer(), AskedIndexOf(mapping)),
        < 8 => Message.Cookie(AskedIndexOf(mapping), AnySeal()),
        < 11 => Message.Data(ClientIndexOf(mapping), AnyLength()),
        _ => Malformed(),
    };

    private Message Malformed() => Message.Bytes((byte)_random.Next(0, 6), Pick(0, 1, 3, 4, 16, 31, 32, 63, 64, 92, 93, 148, 149));
}
