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
    /// both know a pair: the datagram is its, if the keys explain it now. Null if there is nothing to claim.</summary>
    private Claimable? Borrow(
        ReadOnlyMemory<byte> datagram, uint receiver, Source source, Func<ReferenceMapping, bool> explains, Tick now, out ReferenceMapping? tookOver)
    {
        tookOver = null;
        Tick at = rules.NeighboursForget ? now : default;
        ReferenceTunnel[][] known = [.. _neighbours
            .Select(neighbour => neighbour._at.Values.Where(Served.Contains).Select(route => neighbour.Owner(route, receiver, at)).OfType<ReferenceTunnel>().ToArray())
            .Where(tunnels => tunnels.Length > 0 && rules.NeighboursAreAsked)
            .Take(rules.AllNeighboursAreAsked ? _neighbours.Length : 1)];
        IEnumerable<(ReferenceTunnel Theirs, ReferenceTunnel All, ReferenceFound? Found, Tick At)> lent = known.SelectMany(tunnels => tunnels)
            .Select(theirs => (theirs, theirs, (ReferenceFound?)null, at))
            .Concat(FoundFor(receiver, now).Where(_ => rules.FoundIsLent).Select(found => (found.Leading, rules.AllPairsShowTheSession ? found.All : found.Leading, (ReferenceFound?)found, now)));
        foreach ((ReferenceTunnel theirs, ReferenceTunnel all, ReferenceFound? found, Tick leadsAt) in lent)
        {
            ReferenceTunnel? own = Owner(theirs.Route, receiver, now);
            ReferenceMapping? mapping = On(source, theirs.Route);
            bool isKnown = (own is not null && Leads(datagram, receiver, own, now)) || (mapping is not null && explains(mapping));
            bool mayClaim = mapping is null || (MayJoin(mapping) && mapping.Tunnel != own);
            ReferenceTunnel? into = mayClaim ? own : mapping!.Tunnel;
            if (isKnown || !Leads(datagram, receiver, theirs, leadsAt) || (into is not null && !AreOneSession(into, all, now)))
            {
                continue;
            }

            Counters["directory.Used"] += found is null ? 0 : 1;
            Uncounted[$"{(found is null ? "borrowed" : "found")}.{(mayClaim ? "Claims" : "Keys")}"]++;
            if (into is null)
            {
                return new Claimable(Borrowed(theirs), mapping, CopyOf: theirs, found?.Server);
            }

            // A tunnel keeps its newest pairs: what is older than those of a full one leads nowhere.
            TakeOver(into, theirs, mapping, now);
            tookOver = mayClaim ? null : mapping;
            return mayClaim && into.Issued(receiver, now) && Leads(datagram, receiver, into, now) ? new Claimable(into, mapping) : null;
        }

        return null;
    }

    private ReferenceTunnel Borrowed(ReferenceTunnel theirs)
    {
        ReferenceTunnel tunnel = new(theirs.Route, theirs.Owner, founder: null, rules);
        TakePeer(tunnel, theirs.Peer);
        return tunnel;
    }

    private bool AreOneSession(ReferenceTunnel left, ReferenceTunnel right, Tick now) =>
        !rules.OnlyOneSessionMixes || left.Pairs.Any(pair => pair.Until > now
            && right.Pairs.Any(other => other.Server == pair.Server && other.Client == pair.Client && other.Until > now));

    /// <summary>What was not named on a port of one's own proves nothing about one. It leads newcomers to the tunnel, or not.
    /// </summary>
    private void TakeOver(ReferenceTunnel into, ReferenceTunnel theirs, ReferenceMapping? mapping, Tick now, bool leads = true)
    {
        ReferenceMapping? on = rules.BorrowedKeysProve ? mapping : null;
        if (leads)
        {
            TakePeer(into, theirs.Peer);
        }

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
