using System.Net;
using WgProxy.Core.Containers;
using WgProxy.Core.Protocol;
using WgProxy.Core.Tunnels;

namespace WgProxy.Core.Tests.Model;

// The directory: indices that are unknown here are sought elsewhere, and what is found is lent as a neighbour's tunnel is.
internal sealed partial class ReferenceRelay
{
    private readonly Dictionary<uint, (int Tries, Tick At)> _soughtAt = [];
    private readonly Dictionary<(ulong Cell, long Second), int> _soughtFor = [];
    private readonly List<ReferenceFound> _found = [];

    /// <summary>The indices that were sought since the list was cleared.</summary>
    public List<uint> Sought { get; } = [];

    /// <summary>What a record of the mapping says of its tunnel.</summary>
    public ReferenceRecord RecordOf(ReferenceMapping mapping, Tick now) => new(
        mapping.Route,
        mapping.Tunnel.Owner,
        mapping.Tunnel.PeerKey,
        mapping.Server,
        [.. mapping.Tunnel.Pairs.Where(pair => pair.Until > now).Select(pair => (pair with { On = null }, Owner(mapping.Route, pair.Server, now) == mapping.Tunnel))],
        [.. mapping.Tunnel.Asks.Where(ask => ask.Until > now).Select(ask => (ask with { On = null }, Owner(mapping.Route, ask.Server, now) == mapping.Tunnel))]);

    /// <summary>A record was found for an index.</summary>
    public void Found(uint index, ReferenceRecord record, Tick now)
    {
        int? route = Served.Where(route => route % ReferenceRoutes.Servers == record.Route % ReferenceRoutes.Servers).Select(route => (int?)route).SingleOrDefault();
        ReferenceTunnel? leading = route is int served ? record.TunnelOn(served, rules, isLeading: rules.OnlyLeadingLeads, now) : null;
        if (leading is null || !leading.Issued(index, now))
        {
            Counters["directory.NotOurs"]++;
            return;
        }

        leading.Peer = record.Peer is PublicKey key ? PeersOf(leading.Route).Find(key) : default;
        bool isAwaited = _soughtAt.TryGetValue(index, out (int Tries, Tick At) sought) && now - sought.At <= 1_024;
        Counters[isAwaited ? "directory.Found" : "directory.Late"]++;
        IPEndPoint? server = rules.FoundGoesWhereItWent ? routes[leading.Route].Addresses.FirstOrDefault(listed => listed.Equals(record.Server)) : null;
        ReferenceFound found = new(index, leading, record.TunnelOn(leading.Route, rules, isLeading: false, now), server, now + TimeSpan.FromSeconds(rules.FoundSeconds));
        int known = _found.FindIndex(other => other.Index == index && other.Leading.Route == leading.Route && other.Until > now);
        if (known >= 0)
        {
            _found[known] = found with { Until = _found[known].Until };
        }
        else
        {
            _found.Insert(0, found);
        }
    }

    /// <summary>Nothing here explains the index.</summary>
    private void Seek(uint index, Source source, Tick now)
    {
        bool isKnown = _soughtAt.TryGetValue(index, out (int Tries, Tick At) last);
        if (_found.Exists(found => found.Index == index && found.Until > now)
            || (isKnown && now - last.At < Math.Min(64L << (last.Tries - 1), rules.SoughtLongest)))
        {
            return;
        }

        // As the relay's, so that sources share a cell here if they do there.
        (ulong high, ulong low, _, _, ulong port) = source.Client.Words;
        (ulong Cell, long Second) budget = (SipHash.Hash(settings.HashSeed.K0, settings.HashSeed.K1, high, low, 0, 0, port) & 0xFFFF, now.Milliseconds / 1_000);
        int before = _soughtFor.GetValueOrDefault(budget);
        if (before >= rules.SoughtPerSource)
        {
            Counters["directory.OverBudget"]++;
            return;
        }

        _soughtFor[budget] = before + 1;
        _soughtAt[index] = (isKnown && now - last.At <= 10_000 ? Math.Min(last.Tries + 1, 16) : 1, now);
        Counters["directory.Sought"]++;
        Sought.Add(index);
    }

    private IEnumerable<ReferenceFound> FoundFor(uint index, Tick now) =>
        _found.Where(found => found.Index == index && found.Until > now && Served.Contains(found.Leading.Route));

    private void ForgetDirectory()
    {
        _soughtAt.Clear();
        _soughtFor.Clear();
        _found.Clear();
        Sought.Clear();
    }
}

/// <summary>What a record of a mapping says of its tunnel: of each pair, and each question of the server, whether it leads there.</summary>
internal sealed record ReferenceRecord(
    int Route, IPNetwork Owner, PublicKey? Peer, IPEndPoint Server, IReadOnlyList<(ReferenceTunnel.Pair Pair, bool Leads)> Pairs,
    IReadOnlyList<(ReferenceTunnel.Ask Ask, bool Leads)> Asks)
{
    /// <summary>A tunnel of all that it says, or of what leads there.</summary>
    public ReferenceTunnel TunnelOn(int route, ReferenceRules rules, bool isLeading, Tick now)
    {
        ReferenceTunnel tunnel = new(route, Owner, founder: null, rules);
        tunnel.Pairs.AddRange(Pairs.Where(each => (each.Leads || !isLeading) && each.Pair.Until > now).Select(each => each.Pair));
        tunnel.Asks.AddRange(Asks.Where(each => (each.Leads || !isLeading) && each.Ask.Until > now).Select(each => each.Ask));
        return tunnel;
    }
}

/// <summary>A tunnel that was found for an index: what leads there, and all that is known of it.</summary>
internal sealed record ReferenceFound(uint Index, ReferenceTunnel Leading, ReferenceTunnel All, IPEndPoint? Server, Tick Until);
