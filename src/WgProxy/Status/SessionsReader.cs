using WgProxy.Core.Engine;
using WgProxy.Serving;

namespace WgProxy.Status;

/// <summary>In which order mappings are wanted.</summary>
internal enum SessionOrder
{
    /// <summary>As they stand in the table: the only order that has pages.</summary>
    Slot,

    /// <summary>The most bytes first, both ways together.</summary>
    Traffic,

    /// <summary>The most recently heard first.</summary>
    LastValid,

    /// <summary>The first to end first.</summary>
    Expires,
}

/// <summary>Which mappings are wanted.</summary>
/// <param name="Order">In which order.</param>
/// <param name="Limit">How many at most.</param>
internal sealed record SessionsQuestion(SessionOrder Order, int Limit)
{
    /// <summary>The most that one answer holds, so that it fits into little memory.</summary>
    public const int MostSessions = 1_000;

    /// <summary>The slot to begin at.</summary>
    public int From { get; init; }

    /// <summary>Only mappings of the server with this name; null for those of all.</summary>
    public string? Server { get; init; }

    /// <summary>Only mappings of the clients with this name; null for those of all.</summary>
    public string? Peer { get; init; }

    /// <summary>Only the mapping with this upstream port; 0 for all.</summary>
    public int Port { get; init; }
}

/// <summary>Reads mappings page by page, and keeps no more of them than the answer holds.</summary>
internal sealed class SessionsReader(EngineInquiry inquiry, ServerSet servers, TimeProvider time)
{
    private readonly List<SessionReport> _found = [];
    private readonly PriorityQueue<MappingStatus, long> _best = new();
    private int _matching;

    /// <summary>Reads; null if the engine does not answer in time.</summary>
    public async Task<SessionsReport?> ReadAsync(SessionsQuestion question, CancellationToken stop)
    {
        Dictionary<RouteId, Names> names = servers.Now.ToDictionary(served => served.Id, Names.Of);
        int? next = question.From;
        Tick now = default;
        while (next is { } from)
        {
            PageRead? page = await inquiry.AskAsync(new Question { From = from }, query => Take(question, query, names), stop);
            if (page is null)
            {
                return null;
            }

            (next, now) = (page.Next, page.Now);
            if (question.Order == SessionOrder.Slot && _found.Count == question.Limit)
            {
                break;
            }
        }

        Stack<SessionReport> sorted = new();
        while (_best.TryDequeue(out MappingStatus mapping, out _))
        {
            sorted.Push(ReportOf(mapping, now, names));
        }

        return new SessionsReport(time.GetUtcNow(), _matching, next, question.Order == SessionOrder.Slot ? _found : [.. sorted]);
    }

    private PageRead Take(SessionsQuestion question, EngineQuery query, Dictionary<RouteId, Names> names)
    {
        foreach (ref readonly MappingStatus mapping in query.Mappings)
        {
            Names? of = names.GetValueOrDefault(mapping.Route);
            if ((question.Port != 0 && question.Port != mapping.Port)
                || (question.Server is { } server && !string.Equals(of?.Server, server, StringComparison.OrdinalIgnoreCase))
                || (question.Peer is { } peer && !string.Equals(of?.PeerOf(mapping.Peer), peer, StringComparison.OrdinalIgnoreCase)))
            {
                continue;
            }

            if (question.Order != SessionOrder.Slot)
            {
                Keep(mapping, question);
            }
            else if (_found.Count < question.Limit)
            {
                _found.Add(ReportOf(mapping, query.Now, names));
            }
            else
            {
                return new PageRead(mapping.Slot, query.Now);
            }

            _matching++;
        }

        return new PageRead(query.Next < 0 ? null : query.Next, query.Now);
    }

    private void Keep(in MappingStatus mapping, SessionsQuestion question)
    {
        long rank = question.Order switch
        {
            SessionOrder.Traffic => mapping.UplinkBytes + mapping.DownlinkBytes,
            SessionOrder.LastValid => mapping.LastValid.Milliseconds,
            _ => -mapping.Expires.Milliseconds,
        };
        if (_best.Count < question.Limit)
        {
            _best.Enqueue(mapping, rank);
        }
        else
        {
            _ = _best.EnqueueDequeue(mapping, rank);
        }
    }

    private SessionReport ReportOf(in MappingStatus mapping, Tick now, Dictionary<RouteId, Names> names)
    {
        DateTimeOffset instant = time.GetUtcNow();
        Names? of = names.GetValueOrDefault(mapping.Route);
        double? age = mapping.LastValid == default ? null : Math.Max(0, now - mapping.LastValid) / 1000.0;
        double rest = Math.Max(0, mapping.Expires - now) / 1000.0;
        return new SessionReport
        {
            Client = new System.Net.IPEndPoint(mapping.Source.Address, mapping.Source.Port).ToString(),
            LocalPort = mapping.Source.LocalPort,
            LocalAddress = mapping.Source.Local.Equals(System.Net.IPAddress.IPv6Any) ? null : mapping.Source.Local.ToString(),
            Server = of?.Server,
            Peer = of?.PeerOf(mapping.Peer),
            Proof = mapping.Proof.ToString(),
            UpstreamPort = mapping.Port,
            ServerAddress = mapping.Server.ToString(),
            UplinkBytes = mapping.UplinkBytes,
            DownlinkBytes = mapping.DownlinkBytes,
            LastValid = age is null ? null : instant.AddSeconds(-age.Value),
            LastValidSeconds = age,
            Expires = instant.AddSeconds(rest),
            ExpiresSeconds = rest,
            IsUnanswered = mapping.IsUnanswered,
        };
    }

    private sealed record PageRead(int? Next, Tick Now);
}
