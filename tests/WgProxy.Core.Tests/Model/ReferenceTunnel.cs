using System.Net;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests.Model;

/// <summary>A tunnel of the model: what the server and the client named to each other. Its members are found by asking
/// every mapping.</summary>
internal sealed class ReferenceTunnel(int route, IPNetwork owner, ReferenceMapping? founder, ReferenceRules rules)
{
    private int _nextAsk;

    public int Route { get; set; } = route;

    /// <summary>The site of who made it: claims are charged to it.</summary>
    public IPNetwork Owner { get; } = owner;

    /// <summary>The mapping for which it was made; null if that has left, or it was borrowed.</summary>
    public ReferenceMapping? Founder { get; set; } = founder;

    public ReferenceMapping? InUse { get; set; }

    /// <summary>The peer that the server's handshakes named; it may no longer be listed.</summary>
    public PeerId Peer { get; set; }

    /// <summary>Its key, if it was listed then.</summary>
    public PublicKey? PeerKey { get; set; }

    /// <summary>Handshakes that the server made with others, and whose index no client has used.</summary>
    public (uint Server, PeerId Peer, Tick Until)[] Others { get; } = new (uint, PeerId, Tick)[8];

    /// <summary>What was carried of its rate, up and down.</summary>
    public ReferenceRate[] Carried { get; set; } = [new(), new()];

    public List<Pair> Pairs { get; } = [];

    public List<Ask> Asks { get; } = [];

    /// <summary>The server named a pair on a port. One of the same two indices is replaced; else, if there are eight,
    /// the one that ends first of those that no client has used; of all, if all are in use.</summary>
    public void Learn(uint server, uint client, ReferenceMapping? on, Tick now, Tick until, bool isUsed = false)
    {
        Pair pair = new(server, client, on, until, isUsed);
        int known = Pairs.FindIndex(old => old.Server == server && old.Client == client);
        if (known >= 0)
        {
            Pairs[known] = pair with { IsUsed = isUsed || (Pairs[known].IsUsed && Pairs[known].Until > now) };
        }
        else if (Pairs.Count < rules.Pairs)
        {
            Pairs.Add(pair);
        }
        else
        {
            Pair first = Pairs.OrderBy(old => old.IsUsed && old.Until > now && rules.UsedPairsStay).ThenBy(old => old.Until).First();
            Pairs[Pairs.IndexOf(first)] = pair;
        }
    }

    /// <summary>A client sent data with this index of the server's.</summary>
    public void Use(uint server, Tick now)
    {
        if (Pairs.Exists(pair => pair.Server == server && pair.Until > now && pair.IsUsed))
        {
            return;
        }

        for (int i = 0; i < Pairs.Count; i++)
        {
            Pairs[i] = Pairs[i].Server == server && Pairs[i].Until > now ? Pairs[i] with { IsUsed = true } : Pairs[i];
        }
    }

    /// <summary>The server asked on a port. A live question asked again is the same question; else the oldest of eight
    /// makes room.</summary>
    public void AskedBy(uint server, ReferenceMapping? on, Tick now, Tick until)
    {
        int known = Asks.FindIndex(old => old.Server == server);
        if (known >= 0)
        {
            Asks[known] = Asks[known].Until > now ? Asks[known] with { Until = until } : new Ask(server, null, on, until);
        }
        else if (Asks.Count < rules.ServerAsks)
        {
            Asks.Add(new Ask(server, null, on, until));
        }
        else
        {
            Asks[_nextAsk] = new Ask(server, null, on, until);
            _nextAsk = (_nextAsk + 1) % rules.ServerAsks;
        }
    }

    /// <summary>A client answered. Returns on whose port the server had asked.</summary>
    public ReferenceMapping? AnsweredBy(uint server, uint client, Tick now)
    {
        int known = Asks.FindIndex(ask => ask.Server == server && ask.Until > now);
        if (known < 0)
        {
            return null;
        }

        Asks[known] = Asks[known] with { Client = client };
        return Asks[known].On;
    }

    /// <summary>A mapping leaves: what was named on its port is no proof of what comes there later.</summary>
    public void Forget(ReferenceMapping mapping)
    {
        for (int i = 0; i < Pairs.Count; i++)
        {
            Pairs[i] = Pairs[i].On == mapping ? Pairs[i] with { On = null } : Pairs[i];
        }

        for (int i = 0; i < Asks.Count; i++)
        {
            Asks[i] = Asks[i].On == mapping ? Asks[i] with { On = null } : Asks[i];
        }

        InUse = InUse == mapping ? null : InUse;
        Founder = Founder == mapping ? null : Founder;
    }

    /// <summary>A mapping of the tunnel was made again by another relay. Pairs that have ended are in no record.</summary>
    public void Restored(Tick now)
    {
        Pairs.RemoveAll(pair => pair.Until <= now);
        for (int i = 0; i < Pairs.Count; i++)
        {
            Pairs[i] = Pairs[i] with { On = rules.RestartKeepsPorts ? Pairs[i].On : null, IsUsed = rules.RestartKeepsUse && Pairs[i].IsUsed };
        }

        Founder = rules.RestartKeepsFounders ? Founder : null;
        Carried = [new(), new()];
    }

    /// <summary>Indices that the server named and that a client may put on data: those of pairs, and of questions that
    /// a client has answered.</summary>
    public bool HasDataIndex(uint server, Tick now) =>
        Pairs.Any(pair => pair.Server == server && pair.Until > now)
        || Asks.Any(ask => ask.Server == server && ask.Until > now && ask.Client is not null);

    /// <summary>Indices that the server named at all.</summary>
    public bool Issued(uint server, Tick now) =>
        Pairs.Any(pair => pair.Server == server && pair.Until > now)
        || Asks.Any(ask => ask.Server == server && ask.Until > now);

    /// <summary>Whether the server named the index on this mapping's port.</summary>
    public bool NamedOn(ReferenceMapping mapping, uint server, Tick now) =>
        Pairs.Any(pair => pair.Server == server && pair.Until > now && pair.On == mapping)
        || Asks.Any(ask => ask.Server == server && ask.Until > now && ask.Client is not null && ask.On == mapping);

    internal sealed record Pair(uint Server, uint Client, ReferenceMapping? On, Tick Until, bool IsUsed);

    internal sealed record Ask(uint Server, uint? Client, ReferenceMapping? On, Tick Until);
}
