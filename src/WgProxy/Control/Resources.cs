using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using WgProxy.Figures;
using WgProxy.Status;

namespace WgProxy.Control;

/// <summary>Everything that can be asked for, in one table.</summary>
internal static class Resources
{
    /// <summary>The resources of a relay.</summary>
    /// <param name="reader">Makes the reports.</param>
    /// <param name="figures">Reads the figures.</param>
    public static IReadOnlyList<Resource> Of(StatusReader reader, FigureReader figures) =>
    [
        Get("/v1/status", Audience.Everybody, async context =>
            await Answers.WriteAsync(context, await reader.ReadStatusAsync(context.RequestAborted), StatusJson.Default.StatusReport)),
        Get("/v1/servers", Audience.Everybody, async context =>
            await Answers.WriteAsync(context, await reader.ReadServersAsync(context.RequestAborted), StatusJson.Default.ServersReport)),
        Get("/v1/peers", Audience.Everybody, async context =>
            await Answers.WriteAsync(context, await reader.ReadPeersAsync(context.RequestAborted), StatusJson.Default.PeersReport)),
        Get("/v1/drops", Audience.Everybody, async context =>
            await Answers.WriteAsync(context, await reader.ReadDropsAsync(context.RequestAborted), StatusJson.Default.DropsReport)),
        Get("/v1/why", Audience.Local, async context =>
            await Answers.WriteAsync(
                context,
                await reader.ReadCausesAsync(context.Request.Query.TryGetValue("client", out StringValues client) ? client.ToString() : null, context.RequestAborted),
                StatusJson.Default.CausesReport)),
        Get("/v1/sessions", Audience.Local, context => AnswerSessionsAsync(context, reader)),
        Get("/metrics", Audience.Everybody, context => AnswerFiguresAsync(context, figures)),
        Get("/healthz", Audience.Everybody, async context =>
        {
            HealthReport report = await reader.ReadHealthAsync(context.RequestAborted);
            await Answers.WriteAsync(context, report, StatusJson.Default.HealthReport, StatusOf(report.DataPath));
        }),
        Get("/readyz", Audience.Everybody, async context =>
        {
            ReadyReport report = await reader.ReadReadyAsync(context.RequestAborted);
            await Answers.WriteAsync(context, report, StatusJson.Default.ReadyReport, StatusOf(report.Ready));
        }),
    ];

    private const int LongestPart = 32 * 1024;

    private static Resource Get(string path, Audience audience, Func<HttpContext, Task> answer) => new(HttpMethods.Get, path, audience, answer);

    private static int StatusOf(bool isWell) => isWell ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;

    private static async Task AnswerFiguresAsync(HttpContext context, FigureReader figures)
    {
        using PageWriter? page = await figures.ReadPageAsync(context.RequestAborted);
        if (page is null)
        {
            await Answers.BusyAsync(context);
            return;
        }

        context.Response.ContentType = PageWriter.ContentType;
        context.Response.ContentLength = page.Bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            // In parts, so that what the pipe holds of a page of megabytes for a slow client is bounded.
            for (int at = 0; at < page.Bytes.Length; at += LongestPart)
            {
                _ = await context.Response.BodyWriter.WriteAsync(page.Bytes[at..Math.Min(page.Bytes.Length, at + LongestPart)], context.RequestAborted);
            }
        }
    }

    private static async Task AnswerSessionsAsync(HttpContext context, StatusReader reader)
    {
        if (!SessionsQuery.TryRead(context.Request.Query, out SessionsQuestion? question, out string? refusal))
        {
            await Answers.RefuseAsync(context, StatusCodes.Status400BadRequest, refusal);
            return;
        }

        await Answers.WriteAsync(context, await reader.ReadSessionsAsync(question, context.RequestAborted), StatusJson.Default.SessionsReport);
    }
}
