using System.Runtime.CompilerServices;
using WgProxy.Core.Containers;
using WgProxy.Core.Routes;
using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Core;

// The routes: which of them an initiation belongs to, what is counted for each, and what follows when one is added, changed, removed.
internal sealed partial class Relay
{
    private int _walks;
    private TokenBucket _elsewhere;

    /// <summary>How much was compared so far to find out to whose server initiations belong: in steps of eight keys, or of one key that is
    /// tried alone, each of about half a microsecond. An engine bounds by it what initiations may cost in a turn.</summary>
    public long KeySteps { get; private set; }

    /// <summary>What this relay has counted for a route; null if it neither serves it nor has a mapping of it. To be read on the relay's
    /// thread.</summary>
    public RouteCounters? CountersOf(RouteId route) => _routes.Find(route)?.Counters;

    /// <summary>What this relay knows of a route's server; null if it neither serves it nor has a mapping of it. To be read on the relay's
    /// thread.</summary>
    public RouteStatus? StatusOf(RouteId route, Tick now) => _routes.Find(route) is { } state
        ? new RouteStatus(state.Addresses.Best(now), state.Addresses.IsBestAnswering(now), state.Load.IsLoaded(now))
        : null;

    /// <summary>What this relay has learned about a server's addresses; null as with <see cref="CountersOf"/>.</summary>
    internal ServerAddresses? AddressesOf(RouteId route) => _routes.Find(route)?.Addresses;

    /// <summary>A route has changed, and the relay reads its <see cref="RouteList"/>. It serves a new route from now
    /// on. It no longer serves a removed one: the key admits no client, and the mappings end. So do those of clients who are no longer listed where
    /// only peers have tunnels, and of clients at addresses where the route is served no longer. If a route has other
    /// addresses, its mappings move where they must. The next calls of <see cref="Advance"/> go through a bounded number of mappings each.</summary>
    /// <param name="route">Its id. One that was given up long ago does nothing.</param>
    public void RouteChanged(RouteId route)
    {
        _routes.Look(route);
        KeepRates();
    }

    /// <summary>The route whose key the initiation was made with; -1 if there is none. The routes of the source's mappings are tried
    /// before the others: a client that rekeys costs as much with a thousand routes as with one.</summary>
    private int Match(ReadOnlySpan<byte> initiation, in Source source)
    {
        int slot = _mappings.Find(source);
        for (int tries = 0; slot >= 0 && tries < KnownRoutesTried; tries++)
        {
            int route = _mappings[slot].Route;
            KeySteps++;
            if (_routes.IsServed(route) && IsServedAt(route, source) && _routes[route].Mac1.Verify(initiation))
            {
                return route;
            }

            slot = _mappings.NextOfSource(slot);
        }

        long steps = 0;
        int found = _routes.Match(initiation, source, ref steps);
        KeySteps += steps;
        return found;
    }

    /// <summary>The route whose key the initiation was made with, though the sender cannot come to it here; -1 if there is none, or if that was
    /// looked for too often within a second.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private int MatchElsewhere(ReadOnlySpan<byte> initiation, in Source source, Tick now)
    {
        int most = _routes.StepsElsewhere(source);
        if (most == 0 || !_elsewhere.TryTake(most, ElsewhereStepsPerSecond, ElsewhereStepsBurst, now))
        {
            return -1;
        }

        long steps = 0;
        int found = _routes.MatchElsewhere(initiation, source, ref steps);
        KeySteps += steps;
        return found;
    }

    private bool IsServedAt(int route, in Source source) => _routes[route].Settings.Listen.Serves(source);

    private void Count(int route, Direction direction, Verdict verdict, int datagrams, int bytes)
    {
        Counters.Count(direction, verdict, datagrams, bytes);
        if (route >= 0)
        {
            _routes[route].Counters.Count(direction, verdict, datagrams, bytes);
        }
    }

    private void Count(int route, Direction direction, HandshakeMessage message)
    {
        Counters.Count(direction, message);
        _routes[route].Counters.Count(direction, message);
    }

    /// <summary>A response of the server passes. How long it took counts once for each initiation, and only for the client's last one: of those
    /// before, the row keeps no time.</summary>
    private void CountAnswer(int slot, uint client, Tick now)
    {
        RouteCounters counters = _routes[_mappings[slot].Route].Counters;
        counters.CountHandshake(now);
        if (_life.TakeAnswer(slot, client, now) is long milliseconds)
        {
            Counters.Answers.Count(milliseconds);
            counters.Answers.Count(milliseconds);
        }
    }

    private void Walk(RouteState route)
    {
        _walks += route.IsWalked ? 0 : 1;
        route.IsWalked = true;
        _mappings.BeginWalk(route.Id.Index);
    }

    /// <summary>Goes on looking at the mappings of changed routes. Whether some are left for the next call.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool ContinueWalks(Tick now)
    {
        int looks = WalkedPerCall;
        int orders = OrdersPerCall;
        for (int index = 0; _walks > 0; index = index + 1 < _routes.Limit ? index + 1 : 0)
        {
            while (_routes.IsWalked(index))
            {
                if (looks-- == 0 || orders == 0)
                {
                    return true;
                }

                int slot = _mappings.Walk(index);
                if (slot < 0)
                {
                    EndWalk(_routes[index]);
                }
                else if (_routes[index].IsEnding)
                {
                    _life.EndWithRoute(slot);
                    orders--;
                }
                else if (!IsServedAt(index, _mappings[slot].Source))
                {
                    _life.EndNotServedHere(slot);
                    orders--;
                }
                else if (IsUnlisted(slot, now))
                {
                    _life.EndUnlisted(slot);
                    orders--;
                }
                else if (Reconsider(slot, now))
                {
                    orders--;
                }
            }
        }

        return false;
    }

    private void EndWalk(RouteState route)
    {
        route.IsWalked = false;
        _walks--;
        if (route.IsEnding)
        {
            _routes.Vacate(route);
        }
    }
}
