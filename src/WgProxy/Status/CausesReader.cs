using System.Text.Json;
using WgProxy.Causes;
using WgProxy.Core.Engine;
using WgProxy.Core.Routes;
using WgProxy.Serving;

namespace WgProxy.Status;

/// <summary>Gathers the evidence of a running relay, and tells why clients have no tunnel.</summary>
/// <param name="inquiry">Asks the engine.</param>
/// <param name="routes">Asks it for the figures of all servers.</param>
/// <param name="namesOfAll">What servers and clients are called.</param>
/// <param name="attempts">Clients that gave up.</param>
/// <param name="time">The clock.</param>
internal sealed class CausesReader(EngineInquiry inquiry, RoutesInquiry routes, NamesOfAll namesOfAll, Attempts attempts, TimeProvider time)
{
    /// <summary>Tells; null if the engine does not answer in time.</summary>
    /// <param name="client">An address, an address and port, or the name of a peer; null for everybody.</param>
    /// <param name="stop">Ends the wait.</param>
    public async Task<CausesReport?> ReadAsync(string? client, CancellationToken stop)
    {
        ServersRead? servers = await routes.AskAsync(
            withPeers: false,
            (room, _) => new ServersRead(room.Servers, [.. room.Servers.Select((served, place) => EvidenceOf(served, room.Figures.CountersAt(place)))]),
            stop);
        if (servers is null)
        {
            return null;
        }

        List<MappingStatus> mappings = [];
        for (int? from = 0; from is not null;)
        {
            if (await inquiry.AskAsync(new Question { From = from }, query => Take(query, mappings), stop) is not { } page)
            {
                return null;
            }

            from = page.Next;
        }

        IReadOnlyDictionary<RouteId, Names> names = namesOfAll.Of(servers.Served);
        Evidence? evidence = await inquiry.AskAsync(
            new Question { Strangers = true },
            query => new Evidence
            {
                Now = query.Now,
                UtcNow = time.GetUtcNow(),
                Servers = servers.Evidence,
                Mappings = mappings,
                Strangers = query.Strangers.ToArray(),
                Attempts = attempts.All,
                PeerName = (route, peer) => names.GetValueOrDefault(route)?.PeerOf(peer),
            },
            stop);
        return evidence is null ? null : ReportOf(client is null ? new CauseFinder(evidence).All() : new CauseFinder(evidence).Of(client));
    }

    private static ServerEvidence EvidenceOf(Served served, RouteCounters counters) => new(
        served.Id,
        served.Options.Name,
        served.Options.Key,
        served.Route.Addresses is [var first, ..] ? first.ToString() : null,
        counters.LastHandshake);

    private static PageEnd Take(EngineQuery query, List<MappingStatus> into)
    {
        into.AddRange(query.Mappings);
        return new PageEnd(query.Next < 0 ? null : query.Next);
    }

    private CausesReport ReportOf(IReadOnlyList<Cause> causes) => new(
        time.GetUtcNow(),
        causes.All(cause => cause.Kind >= CauseKind.HasTunnel),
        [.. causes.Select(cause => new CauseReport(
            JsonNamingPolicy.SnakeCaseLower.ConvertName(cause.Kind.ToString()), cause.Client?.ToString(), cause.Server, cause.Text, cause.IsUnauthenticated))]);

    private sealed record ServersRead(IReadOnlyList<Served> Served, ServerEvidence[] Evidence);

    private sealed record PageEnd(int? Next);
}
