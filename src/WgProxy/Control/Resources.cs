using Microsoft.AspNetCore.Http;
using WgProxy.Status;

namespace WgProxy.Control;

/// <summary>Everything that can be asked for, in one table.</summary>
internal static class Resources
{
    /// <summary>The resources of a relay.</summary>
    /// <param name="reader">Makes the reports.</param>
    public static IReadOnlyList<Resource> Of(StatusReader reader) =>
    [
        Get("/v1/status", Audience.Everybody, async context =>
            await Answers.WriteAsync(context, await reader.ReadStatusAsync(context.RequestAborted), StatusJson.Default.StatusReport)),
        Get("/v1/servers", Audience.Everybody, async context =>
            await Answers.WriteAsync(context, await reader.ReadServersAsync(context.RequestAborted), StatusJson.Default.ServersReport)),
        Get("/v1/peers", Audience.Everybody, async context =>
            await Answers.WriteAsync(context, await reader.ReadPeersAsync(context.RequestAborted), StatusJson.Default.PeersReport)),
        Get("/v1/drops", Audience.Everybody, async context =>
            await Answers.WriteAsync(context, await reader.ReadDropsAsync(context.RequestAborted), StatusJson.Default.DropsReport)),
        Get("/v1/sessions", Audience.Local, context => AnswerSessionsAsync(context, reader)),
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

    private static Resource Get(string path, Audience audience, Func<HttpContext, Task> answer) => new(HttpMethods.Get, path, audience, answer);

    private static int StatusOf(bool isWell) => isWell ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;

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
