using WgProxy.Core.Protocol;
using WgProxy.Core.Tunnels;

namespace WgProxy.Core.Tests.Model;

// Hand-over: what other workers know of a tunnel.
internal sealed partial class ReferenceRelay
{
    private ReferenceRelay[] _neighbours = [];

    public static void ConnectNeighbours(IReadOnlyList<ReferenceRelay> relays)
    {
        foreach (ReferenceRelay relay in relays)
        {
            relay._neighbours = [.. relays.Where(other => other != relay)];
        }
    }

    /// <summary>An index that nothing of one's own explains, but a neighbour's tunnel does. A source that may claim, claims a
    /// copy of that tunnel. A mapping that is beyond asking takes over what is new, if its tunnel is the same session: if
    /// both know a pair. Null if the datagram is to be judged by what the own tables know now.</summary>
    private ReferenceDecision? Borrow(ReadOnlyMemory<byte> datagram, Source source, Tick now)
    {
        bool isResponse = KindOf(datagram.Span) == Kind.Response;
        uint receiver = Index(datagram, isResponse ? 8 : 4);
        Tick at = rules.NeighboursForget ? now : default;
        for (int route = 0; route < routes.Count; route++)
        {
            ReferenceTunnel? own = Owner(route, receiver, now);
            ReferenceMapping? mapping = On(source, route);
            bool mayClaim = mapping is null || (MayJoin(mapping) && mapping.Tunnel != own);
            ReferenceTunnel? into = mayClaim ? own : mapping!.Tunnel;
            ReferenceTunnel? theirs = own is not null && Leads(own, now) ? null : _neighbours
                .Select(neighbour => rules.NeighboursAreAsked ? neighbour.Owner(route, receiver, at) : null)
                .Where(tunnel => tunnel is not null)
                .Take(rules.AllNeighboursAreAsked ? _neighbours.Length : 1)
                .FirstOrDefault(tunnel => Leads(tunnel!, at) && (into is null || AreOneSession(into, tunnel!, now)));
            if (theirs is null)
            {
                continue;
            }

            ReferenceTunnel copy = into ?? new ReferenceTunnel(route, theirs.Owner, founder: null, rules);
            long conflicts = Counters["index.Conflicts"];
            TakeOver(copy, theirs, mapping, now);
            Uncounted[mayClaim ? "borrowed.Claims" : "borrowed.Keys"]++;
            if (!mayClaim || (into is not null && !(into.Issued(receiver, now) && Leads(into, now))))
            {
                // A tunnel keeps its newest pairs: what is older than those of a full one leads nowhere.
                return null;
            }

            ReferenceDecision claim = Claim(datagram, isResponse, receiver, source, copy, mapping, now, isBorrowed: into is null);
            Counters["index.Conflicts"] = Members(copy).Any() ? Counters["index.Conflicts"] : conflicts;
            return claim;

            bool Leads(ReferenceTunnel tunnel, Tick when) =>
                isResponse ? routes[route].Mac1.Verify(datagram.Span) : tunnel.HasDataIndex(receiver, when);
        }

        return null;
    }

    private bool AreOneSession(ReferenceTunnel left, ReferenceTunnel right, Tick now) =>
        !rules.OnlyOneSessionMixes || left.Pairs.Any(pair => pair.Until > now
            && right.Pairs.Any(other => other.Server == pair.Server && other.Client == pair.Client && other.Until > now));

    /// <summary>What was not named on a port of one's own proves nothing about one. It leads newcomers to the tunnel, or not.
    /// </summary>
    private void TakeOver(ReferenceTunnel into, ReferenceTunnel theirs, ReferenceMapping? mapping, Tick now, bool leads = true)
    {
        ReferenceMapping? on = rules.BorrowedKeysProve ? mapping : null;
        foreach (ReferenceTunnel.Pair pair in theirs.Pairs.Where(pair => pair.Until > now))
        {
            if (!into.Pairs.Any(known => known.Server == pair.Server && known.Client == pair.Client && known.Until > now))
            {
                Own(into, pair.Server, now, leads);
                into.Learn(pair.Server, pair.Client, on, now, pair.Until, isUsed: pair.IsUsed && leads);
            }
        }

        foreach (ReferenceTunnel.Ask ask in theirs.Asks.Where(ask => ask.Until > now))
        {
            ReferenceTunnel.Ask? known = into.Asks.FirstOrDefault(known => known.Server == ask.Server && known.Until > now);
            if (known is null)
            {
                Own(into, ask.Server, now, leads);
                into.AskedBy(ask.Server, on, now, ask.Until);
            }

            if (ask.Client is uint client && known?.Client is null && (known is null || rules.AnswersAreTakenOver))
            {
                into.AnsweredBy(ask.Server, client, now);
            }
        }
    }
}
