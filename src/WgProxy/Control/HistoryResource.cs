using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using WgProxy.History;
using WgProxy.Logging;
using WgProxy.Status;

namespace WgProxy.Control;

/// <summary>The last hour, as it can be asked for.</summary>
internal static class HistoryResource
{
    private static readonly StatusJson Json = StatusJson.Written;

    /// <summary>The resource.</summary>
    /// <param name="reader">Makes the report.</param>
    public static Resource Of(StatusReader reader) => new(
        HttpMethods.Get, "/v1/history", Audience.Everybody, "The last hour, in steps of ten seconds.", Json.HistoryReport, context =>
        {
            string? server = context.Request.Query.TryGetValue("server", out StringValues name) ? name.ToString() : null;
            return reader.ReadHistory(server) is { } report
                ? Answers.WriteAsync(context, report, Json.HistoryReport)
                : Answers.RefuseAsync(
                    context,
                    StatusCodes.Status404NotFound,
                    $"server {LogLine.Quote(server ?? string.Empty)} has no history: expected the name of one of the first {RelayHistory.MostServers} servers");
        })
    {
        Parameters = [new("server", "Only the server with this name, as servers has it. Without it, the relay as a whole.")],
    };
}
