using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using WgProxy.Accounting;
using WgProxy.Logging;
using WgProxy.Status;

namespace WgProxy.Control;

/// <summary>Reads which accounts, and which lines of the log, a request asks for.</summary>
internal static class ReportQuery
{
    /// <summary>What may be given for servers, each once.</summary>
    public static IReadOnlyList<Parameter> OfServers { get; } =
    [
        new("server", "Only the server with this name."),
        new("limit", $"How many at most: 1 to {ServersQuestion.MostServers}, which is what is meant if it is not given."),
        new("from", "The number to begin at: what next of the page before says."),
    ];

    /// <summary>What may be given for accounts, each once.</summary>
    public static IReadOnlyList<Parameter> OfUsage { get; } =
    [
        new("days", $"How many days, today's included: 1 to {UsageDirectory.MostDays}, and {UsageQuestion.UsualDays} if it is not given."),
        new("server", "Only accounts of the server with this name."),
        new("peer", "Only accounts of the clients with this name."),
        new("to", "The last day that is wanted: what next of the answer before says."),
    ];

    /// <summary>What may be given for lines of the log, each once.</summary>
    public static IReadOnlyList<Parameter> OfLog { get; } =
    [
        new("level", "Up to which level, 0 to 3: 3 if it is not given."),
        new("n", $"How many at most, the last ones: 1 to {LogRing.Capacity}, and all if it is not given."),
    ];

    /// <summary>Reads which servers are wanted; if a parameter is wrong, what was expected.</summary>
    public static bool TryRead(IQueryCollection query, [NotNullWhen(true)] out ServersQuestion? question, [NotNullWhen(false)] out string? refusal) => TryRead(
        query,
        new ServersQuestion(ServersQuestion.MostServers),
        static (question, name, value) => name switch
        {
            "server" => question with { Server = value },
            "limit" when TryNumber(value, ServersQuestion.MostServers, out int limit) => question with { Limit = limit },
            "from" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int from) => question with { From = from },
            _ => null,
        },
        $"server=NAME, limit=1-{ServersQuestion.MostServers} and from=NUMBER",
        out question,
        out refusal);

    /// <summary>Reads which accounts are wanted; if a parameter is wrong, what was expected.</summary>
    public static bool TryRead(IQueryCollection query, [NotNullWhen(true)] out UsageQuestion? question, [NotNullWhen(false)] out string? refusal) => TryRead(
        query,
        new UsageQuestion(),
        static (question, name, value) => name switch
        {
            "days" when TryNumber(value, UsageDirectory.MostDays, out int days) => question with { Days = days },
            "server" => question with { Server = value },
            "peer" => question with { Peer = value },
            "to" when DateOnly.TryParseExact(value, UsageReader.DayForm, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly to) => question with { To = to },
            _ => null,
        },
        $"days=1-{UsageDirectory.MostDays}, server=NAME, peer=NAME and to=DAY, such as 2026-11-27",
        out question,
        out refusal);

    /// <summary>Reads which lines are wanted; if a parameter is wrong, what was expected.</summary>
    public static bool TryRead(IQueryCollection query, [NotNullWhen(true)] out LogQuestion? question, [NotNullWhen(false)] out string? refusal) => TryRead(
        query,
        new LogQuestion(),
        static (question, name, value) => name switch
        {
            "level" when value is [>= '0' and <= '3'] => question with { Level = (LogLevel)(value[0] - '0') },
            "n" when TryNumber(value, LogRing.Capacity, out int lines) => question with { Lines = lines },
            _ => null,
        },
        $"level=0-3 and n=1-{LogRing.Capacity}",
        out question,
        out refusal);

    private static bool TryRead<T>(
        IQueryCollection query, T question, Func<T, string, string, T?> with, string expected, [NotNullWhen(true)] out T? read, [NotNullWhen(false)] out string? refusal)
        where T : class
    {
        (read, refusal) = (question, null);
        foreach ((string name, StringValues values) in query)
        {
            read = values.Count == 1 ? with(read, name, values[0] ?? string.Empty) : null;
            if (read is null)
            {
                refusal = $"{LogLine.Quote(name)} is {LogLine.Quote(values.ToString())}: expected {expected}, each once";
                return false;
            }
        }

        return true;
    }

    private static bool TryNumber(string text, int most, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= 1 && number <= most;
}
