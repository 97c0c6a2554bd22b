using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using WgProxy.Figures;
using WgProxy.Hosting;
using WgProxy.Logging;
using WgProxy.Status;

namespace WgProxy.Control;

/// <summary>Everything that can be asked for, in one table.</summary>
internal static class Resources
{
    private static readonly StatusJson Json = StatusJson.Written;

    /// <summary>The resources of a relay.</summary>
    /// <param name="reader">Makes the reports.</param>
    /// <param name="figures">Reads the figures.</param>
    /// <param name="orders">Changes what can be changed.</param>
    public static IReadOnlyList<Resource> Of(StatusReader reader, FigureReader figures, Orders orders) =>
    [
        .. PageResources.All,
        Report("/v1/status", "The relay as a whole.", Json.StatusReport, stop => reader.ReadStatusAsync(stop)),
        new(HttpMethods.Get, "/v1/servers", Audience.Everybody, "Servers, a page at a time.", Json.ServersReport, context => AnswerServersAsync(context, reader))
        {
            Parameters = ReportQuery.OfServers,
        },
        Bytes("/v1/peers", "Each client that has a name.", Json.PeersReport, stop => reader.ReadPeersAsync(stop)),
        Bytes("/v1/drops", "Datagrams that were not forwarded, and what each verdict means.", Json.DropsReport, stop => reader.ReadDropsAsync(stop)),
        HistoryResource.Of(reader),
        new(HttpMethods.Get, "/v1/sessions", Audience.Local, "Mappings, a page at a time or the first of an order.", Json.SessionsReport, context => AnswerSessionsAsync(context, reader))
        {
            Parameters = SessionsQuery.Parameters,
        },
        new(HttpMethods.Get, "/v1/why", Audience.Local, "Why clients have no tunnel.", Json.CausesReport, async context =>
            await Answers.WriteAsync(
                context,
                await reader.ReadCausesAsync(context.Request.Query.TryGetValue("client", out StringValues client) ? client.ToString() : null, context.RequestAborted),
                Json.CausesReport))
        {
            Parameters = [new("client", "Only the client with this address.")],
        },
        new(HttpMethods.Get, "/v1/usage", Audience.Local, "What servers and peers have carried, day by day; up to 10 s old.", Json.UsageReport, context => AnswerUsageAsync(context, reader))
        {
            Parameters = ReportQuery.OfUsage,
        },
        new(HttpMethods.Get, "/v1/fleet", Audience.Local, "The relay's part in its fleet, and what is wrong with the store.", Json.FleetReport, context => Answers.WriteAsync(context, reader.ReadFleet(), Json.FleetReport)),
        new(HttpMethods.Get, "/v1/log", Audience.SocketOnly, "The last lines of the log.", Json.LogReport, context => AnswerLogAsync(context, reader))
        {
            Parameters = ReportQuery.OfLog,
        },
        new(HttpMethods.Get, "/metrics", Audience.Everybody, "Every figure, for Prometheus.", Report: null, context => AnswerFiguresAsync(context, figures)),
        Health("/healthz", "Whether every worker answers; 503 if not.", Json.HealthReport, stop => reader.ReadHealthAsync(stop), report => report.DataPath),
        Health("/readyz", "Whether the relay can serve clients; 503 if not.", Json.ReadyReport, stop => reader.ReadReadyAsync(stop), report => report.Ready),
        new(HttpMethods.Post, "/v1/reload", Audience.Owner, "Reads the configuration file again, as SIGHUP does; 409 if it is refused.", Json.ReloadReport, async context =>
        {
            ReloadReport report = await orders.ReloadAsync(context.RequestAborted);
            bool isRefused = !report.TakenOver && report.Messages.Count > 0;
            await Answers.WriteAsync(context, report, Json.ReloadReport, isRefused ? StatusCodes.Status409Conflict : StatusCodes.Status200OK);
        }),
        new(HttpMethods.Post, "/v1/drop", Audience.Owner, "Ends the mappings of a client or peer now.", Json.DroppedReport, context => AnswerDropAsync(context, orders))
        {
            Request = Json.DropRequest,
        },
        new(HttpMethods.Post, "/v1/takeover", Audience.Owner, "Takes over from the other relay of a pair, and tells when its mappings go on; 409 if it cannot.", Json.TakeoverReport, async context =>
        {
            TakeoverReport report = await orders.TakeOverAsync(await Requests.ReadAsync(context, Json.TakeoverRequest) ?? new TakeoverRequest(), context.RequestAborted);
            await Answers.WriteAsync(context, report, Json.TakeoverReport, report.Serves ? StatusCodes.Status200OK : StatusCodes.Status409Conflict);
        })
        {
            Request = Json.TakeoverRequest,
        },
        new(HttpMethods.Put, "/v1/log-level", Audience.Owner, "Sets the log level until the next reload.", Json.LogLevelReport, context => AnswerLogLevelAsync(context, orders))
        {
            Request = Json.LogLevelReport,
        },
    ];

    private static Resource Report<T>(string path, string summary, JsonTypeInfo<T> type, Func<CancellationToken, Task<T?>> read)
        where T : class => new(HttpMethods.Get, path, Audience.Everybody, summary, type, async context =>
            await Answers.WriteAsync(context, await read(context.RequestAborted), type));

    // A report that is written as bytes at once.
    private static Resource Bytes(string path, string summary, JsonTypeInfo type, Func<CancellationToken, Task<AnswerBytes?>> read) =>
        new(HttpMethods.Get, path, Audience.Everybody, summary, type, context => SendAsync(context, read(context.RequestAborted)));

    private static async Task SendAsync(HttpContext context, Task<AnswerBytes?> reading)
    {
        using AnswerBytes? bytes = await reading;
        await Answers.SendAsync(context, bytes, Answers.Json);
    }

    private static Resource Health<T>(string path, string summary, JsonTypeInfo<T> type, Func<CancellationToken, Task<T>> read, Func<T, bool> isWell)
        where T : class => new(HttpMethods.Get, path, Audience.Everybody, summary, type, async context =>
        {
            T report = await read(context.RequestAborted);
            await Answers.WriteAsync(context, report, type, isWell(report) ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
        });

    private static async Task AnswerFiguresAsync(HttpContext context, FigureReader figures)
    {
        using PageWriter? page = await figures.ReadPageAsync(context.RequestAborted);
        await Answers.SendAsync(context, page?.Bytes, PageWriter.ContentType);
    }

    private static Task AnswerServersAsync(HttpContext context, StatusReader reader) => ReportQuery.TryRead(context.Request.Query, out ServersQuestion? question, out string? refusal)
        ? SendAsync(context, reader.ReadServersAsync(question, context.RequestAborted))
        : Answers.RefuseAsync(context, StatusCodes.Status400BadRequest, refusal);

    private static Task AnswerSessionsAsync(HttpContext context, StatusReader reader) => SessionsQuery.TryRead(context.Request.Query, out SessionsQuestion? question, out string? refusal)
        ? SendAsync(context, reader.ReadSessionsAsync(question, context.RequestAborted))
        : Answers.RefuseAsync(context, StatusCodes.Status400BadRequest, refusal);

    // Files are read on a thread of the pool, and none of them moves datagrams.
    private static Task AnswerUsageAsync(HttpContext context, StatusReader reader) => ReportQuery.TryRead(context.Request.Query, out UsageQuestion? question, out string? refusal)
        ? Answers.WriteAsync(context, reader.ReadUsage(question), Json.UsageReport)
        : Answers.RefuseAsync(context, StatusCodes.Status400BadRequest, refusal);

    private static Task AnswerLogAsync(HttpContext context, StatusReader reader) => ReportQuery.TryRead(context.Request.Query, out LogQuestion? question, out string? refusal)
        ? Answers.WriteAsync(context, reader.ReadLog(question), Json.LogReport)
        : Answers.RefuseAsync(context, StatusCodes.Status400BadRequest, refusal);

    private static async Task AnswerDropAsync(HttpContext context, Orders orders)
    {
        DropRequest? request = await Requests.ReadAsync(context, Json.DropRequest);
        IReadOnlyList<DropRule> rules = orders.RulesOf(request ?? new DropRequest(), out string? refusal);
        await (refusal is null
            ? Answers.WriteAsync(context, await orders.DropAsync(request!, rules, context.RequestAborted), Json.DroppedReport)
            : Answers.RefuseAsync(
                context, request?.Peer is null || request.Client is not null ? StatusCodes.Status400BadRequest : StatusCodes.Status404NotFound, refusal));
    }

    private static async Task AnswerLogLevelAsync(HttpContext context, Orders orders)
    {
        LogLevelReport? wanted = await Requests.ReadAsync(context, Json.LogLevelReport);
        await (wanted is { Level: >= (int)LogLevel.Error and <= (int)LogLevel.Debug }
            ? Answers.WriteAsync(context, orders.SetLevel(wanted.Level), Json.LogLevelReport)
            : Answers.RefuseAsync(context, StatusCodes.Status400BadRequest, "expected {\"level\": 0-3}: 0 (errors) to 3 (debugging)"));
    }
}
