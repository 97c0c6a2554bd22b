using WgProxy.Hosting;
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

/// <summary>Reads mappings a few at a time, and keeps no more of them than the answer holds.</summary>
/// <param name="inquiry">Asks the engine.</param>
/// <param name="servers">The servers.</param>
/// <param name="time">The clock.</param>
internal sealed class SessionsReader(EngineInquiry inquiry, ServerSet servers, TimeProvider time)
{
    private readonly NamesOfAll _names = new();

    // What one reader needs is kept for the next. Two at once have one each.
    private SessionsRoom? _spare;

    /// <summary>Reads; null if the engine does not answer in time. The caller disposes of the answer, a <see cref="SessionsReport"/>.</summary>
    public async Task<AnswerBytes?> ReadAsync(SessionsQuestion question, CancellationToken stop)
    {
        IReadOnlyDictionary<RouteId, Names> names = _names.Of(servers.Now);
        SessionsRoom room = Interlocked.Exchange(ref _spare, null) ?? new SessionsRoom();
        try
        {
            room.Begin(question, names);
            while (room.Next is { } from)
            {
                if (await inquiry.AskAsync(new Question { From = from }, room.Take, stop) is null)
                {
                    return null;
                }
            }

            return new SessionsPage(names, time.GetUtcNow(), room.Now).Write(room);
        }
        finally
        {
            room.End();
            _spare = room;
        }
    }
}
