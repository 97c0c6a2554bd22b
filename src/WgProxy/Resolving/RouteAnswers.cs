using System.Net;
using System.Net.Sockets;
using WgProxy.Configuration;
using WgProxy.Hosting;
using WgProxy.Logging;

namespace WgProxy.Resolving;

/// <summary>The result of a resolver's answer.</summary>
internal enum Outcome
{
    /// <summary>It held addresses that the server may have.</summary>
    Addresses,

    /// <summary>It held no such address.</summary>
    Nothing,

    /// <summary>The operator configured this relay as its own server.</summary>
    IsRelay,
}

/// <summary>Judges a resolver's answers about a server, and publishes the usable addresses. Called by one thread at a time.
/// </summary>
internal sealed class RouteAnswers(EndpointAddresses route, ServerName server, OwnAddresses own, Action changed, Log log)
{
    // More than are ever tried, and a limit on what an answer makes the relay keep.
    private const int MostOfFamily = 4;

    /// <summary>Whether the server's addresses are known, however old, by an answer that this process has had.</summary>
    public bool IsKnown => route.Addresses.Count > 0 && !route.ArePresumed;

    /// <summary>The IP version whose addresses come first; null for the order of answers.</summary>
    public AddressFamily? Preferred { get; set; }

    /// <summary>Whether a server that the operator configured to be this relay ends the run. Once it was another, and where it was added by a reload, it is
    /// waited for, like any other.</summary>
    public bool MayEnd { get; set; } = true;

    /// <summary>An address that was given up because the relay itself listens there, until the next answer says so in the log.</summary>
    public IPAddress? GivenUp { get; set; }

    /// <summary>Takes an answer, or the refusal of one.</summary>
    /// <param name="answer">Addresses, the best first; empty if there was a refusal.</param>
    /// <param name="refusal">Why there is no answer.</param>
    /// <param name="pause">When the next question follows, for the log.</param>
    public Outcome Take(IPAddress[] answer, string? refusal, TimeSpan pause)
    {
        IPAddress[] distinct = [.. answer.Select(EndPointText.Normalise).Distinct()];
        IPAddress? relay = Array.Find(distinct, candidate => own.Contains(candidate, server.Port));
        IPAddress[] usable = [.. distinct.Where(candidate => server.Refusal(candidate) is null && !own.Contains(candidate, server.Port))];
        if (usable.Length > 0)
        {
            Publish(usable);
            return Outcome.Addresses;
        }

        // The relay, or this host, may have got an address since that was the server's.
        if (GiveUp(out _) is not null)
        {
            changed();
        }

        if ((relay ?? GivenUp) is { } address)
        {
            GivenUp = null;
            return TakeRelay(address, pause);
        }

        refusal ??= distinct.Length == 0
            ? "the answer holds no address"
            : $"the answer is {distinct[0]}, which cannot be the server: {server.Refusal(distinct[0])}";
        log.Unresolved(server, refusal, pause, route.Server);
        return Outcome.Nothing;
    }

    /// <summary>Gives up published addresses that are the relay's own. Any thread may call it.</summary>
    /// <param name="takeBack">Publishes them again.</param>
    /// <returns>The first that was given up; null for none.</returns>
    public IPEndPoint? GiveUp(out Action takeBack)
    {
        IPEndPoint? first = route.GiveUp(address => own.Contains(address.Address, address.Port), out takeBack);
        GivenUp = first?.Address ?? GivenUp;
        return first;
    }

    /// <summary>A resolver's answer is no reason to stop, because it may be wrong for a minute. The operator's own setting is one.
    /// </summary>
    private Outcome TakeRelay(IPAddress relay, TimeSpan pause)
    {
        if (MayEnd && server.IsLoopback)
        {
            log.ServerIsRelay(server, relay);
            return Outcome.IsRelay;
        }

        log.ResolvedToRelay(server, relay, pause, route.Server);
        return Outcome.Nothing;
    }

    /// <summary>Publishes addresses that differ from the known ones, in the order in which they became known. Rotating
    /// answers therefore change nothing, and newcomers use the address that others use already.</summary>
    private void Publish(IPAddress[] usable)
    {
        MayEnd = false;
        GivenUp = null;
        IReadOnlyList<IPEndPoint> former = route.Addresses;
        IPEndPoint[] kept = [.. former.Where(address => address.Port == server.Port && usable.Contains(address.Address))];
        IEnumerable<IPAddress> added = usable.Where(address => !kept.Any(known => known.Address.Equals(address)));
        IEnumerable<IPEndPoint> all = kept.Concat(added.Select(address => new IPEndPoint(address, server.Port)));
        IPEndPoint[] current = [.. BoundedByFamily(all.OrderBy(address => Preferred is { } first && address.AddressFamily != first))];
        bool differs = !current.SequenceEqual(former);
        if (differs || route.ArePresumed)
        {
            route.Publish(current);
            if (differs)
            {
                changed();
            }

            log.Resolved(server, current, former);
        }
    }

    private static IEnumerable<IPEndPoint> BoundedByFamily(IEnumerable<IPEndPoint> addresses)
    {
        Dictionary<AddressFamily, int> count = [];
        foreach (IPEndPoint address in addresses)
        {
            count[address.AddressFamily] = count.GetValueOrDefault(address.AddressFamily) + 1;
            if (count[address.AddressFamily] <= MostOfFamily)
            {
                yield return address;
            }
        }
    }
}
