using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace WgProxy.Control;

/// <summary>Finds the resource that a request asks for, and lets it answer.</summary>
/// <param name="resources">What can be asked for.</param>
/// <param name="judge">Says why a request for one is refused; null if it is not.</param>
internal sealed class ControlApplication(IReadOnlyList<Resource> resources, Func<HttpContext, Resource, Refusal?> judge) : IHttpApplication<HttpContext>
{
    private readonly ILookup<string, Resource> _byPath = resources.ToLookup(resource => resource.Path, StringComparer.Ordinal);

    /// <inheritdoc/>
    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    /// <inheritdoc/>
    public Task ProcessRequestAsync(HttpContext context)
    {
        HttpResponse response = context.Response;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        string method = HttpMethods.IsHead(context.Request.Method) ? HttpMethods.Get : context.Request.Method;
        Resource[] found = [.. _byPath[context.Request.Path.Value ?? string.Empty]];
        if (found.Length == 0)
        {
            return Answers.RefuseAsync(context, StatusCodes.Status404NotFound, "there is nothing at this path; docs/control.md lists the paths");
        }

        if (Array.Find(found, resource => HttpMethods.Equals(resource.Method, method)) is not { } resource)
        {
            response.Headers.Allow = string.Join(", ", found.Select(each => each.Method));
            return Answers.RefuseAsync(context, StatusCodes.Status405MethodNotAllowed, $"this path takes {response.Headers.Allow}");
        }

        return judge(context, resource) is { } refusal ? Answers.RefuseAsync(context, refusal.Status, refusal.Reason) : resource.Answer(context);
    }

    /// <inheritdoc/>
    public void DisposeContext(HttpContext context, Exception? exception)
    {
        // Nothing of a request outlives it.
    }
}
