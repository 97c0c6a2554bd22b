using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace WgProxy.Control;

/// <summary>How the bodies of requests are read.</summary>
internal static class Requests
{
    /// <summary>Reads a body; null if it is none of this form, or longer than the endpoint takes.</summary>
    public static async Task<T?> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted);
        }
        catch (Exception refusal) when (refusal is JsonException or BadHttpRequestException)
        {
            return null;
        }
    }
}
