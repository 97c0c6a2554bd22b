using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using WgProxy.Hosting;
using WgProxy.Status;

namespace WgProxy.Control;

/// <summary>How answers are written.</summary>
internal static class Answers
{
    /// <summary>The form of every report.</summary>
    public const string Json = "application/json; charset=utf-8";

    /// <summary>Writes a report; where there is none, that the relay is busy.</summary>
    public static Task WriteAsync<T>(HttpContext context, T? report, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK)
        where T : class
    {
        if (report is null)
        {
            return BusyAsync(context);
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = Json;
        return JsonSerializer.SerializeAsync(context.Response.BodyWriter, report, type, context.RequestAborted);
    }

    /// <summary>Sends bytes that are written already, part by part, so that what Kestrel holds of them for a slow client is bounded. Without bytes, says
    /// that the relay is busy.</summary>
    public static async Task SendAsync(HttpContext context, AnswerBytes? bytes, string form)
    {
        if (bytes is null)
        {
            await BusyAsync(context);
            return;
        }

        context.Response.ContentType = form;
        context.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            foreach (ReadOnlyMemory<byte> part in bytes.Parts)
            {
                _ = await context.Response.BodyWriter.WriteAsync(part, context.RequestAborted);
            }
        }
    }

    /// <summary>Says that the relay is busy.</summary>
    public static Task BusyAsync(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "1";
        return RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "the relay does not answer: too many ask, or a worker is stuck");
    }

    /// <summary>Says why a request is refused.</summary>
    public static Task RefuseAsync(HttpContext context, int status, string reason) =>
        WriteAsync(context, new ErrorReport(reason), StatusJson.Written.ErrorReport, status);
}
