using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using WgProxy.Logging;
using WgProxy.Status;

namespace WgProxy.Control;

/// <summary>Reads which mappings a request asks for.</summary>
internal static class SessionsQuery
{
    private const int UsualSessions = 100;

    private static readonly Dictionary<string, SessionOrder> Orders = new(StringComparer.Ordinal)
    {
        ["slot"] = SessionOrder.Slot,
        ["traffic"] = SessionOrder.Traffic,
        ["last_valid"] = SessionOrder.LastValid,
        ["expires"] = SessionOrder.Expires,
    };

    /// <summary>The names of orders.</summary>
    public static IReadOnlyCollection<string> OrderNames => Orders.Keys;

    /// <summary>What may be given, each once.</summary>
    public static IReadOnlyList<Parameter> Parameters { get; } =
    [
        new("server", "Only mappings of the server with this name."),
        new("peer", "Only mappings of the clients with this name."),
        new("port", "Only the mapping with this upstream port, by which the server knows it."),
        new("sort", $"{string.Join(", ", Orders.Keys)}: slot is usual, and has pages; traffic and last_valid begin with the greatest, expires with the first to end."),
        new("limit", $"How many at most: 1 to {SessionsQuestion.MostSessions}, and {UsualSessions} if it is not given."),
        new("from", "The slot to begin at: what next of the page before says."),
    ];

    /// <summary>Reads the parameters; if one is wrong, what was expected.</summary>
    public static bool TryRead(IQueryCollection query, [NotNullWhen(true)] out SessionsQuestion? question, [NotNullWhen(false)] out string? refusal)
    {
        question = new SessionsQuestion(SessionOrder.Slot, UsualSessions);
        refusal = null;
        foreach ((string name, StringValues values) in query)
        {
            question = values.Count == 1 ? With(question, name, values[0] ?? string.Empty) : null;
            if (question is null)
            {
                refusal = $"{LogLine.Quote(name)} is {LogLine.Quote(values.ToString())}: expected server=NAME, peer=NAME, port=1-65535, "
                    + $"sort={string.Join('|', Orders.Keys)}, limit=1-{SessionsQuestion.MostSessions} and from=SLOT, each once";
                return false;
            }
        }

        if (question.From > 0 && question.Order != SessionOrder.Slot)
        {
            (question, refusal) = (null, "from is given, and sort: expected from without sort, because only the order of slots has pages");
            return false;
        }

        return true;
    }

    private static SessionsQuestion? With(SessionsQuestion question, string name, string value) => name switch
    {
        "server" => question with { Server = value },
        "peer" => question with { Peer = value },
        "port" when TryNumber(value, out int port) && port is >= 1 and <= ushort.MaxValue => question with { Port = port },
        "sort" when Orders.TryGetValue(value, out SessionOrder order) => question with { Order = order },
        "limit" when TryNumber(value, out int limit) && limit is >= 1 and <= SessionsQuestion.MostSessions => question with { Limit = limit },
        "from" when TryNumber(value, out int from) => question with { From = from },
        _ => null,
    };

    private static bool TryNumber(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
