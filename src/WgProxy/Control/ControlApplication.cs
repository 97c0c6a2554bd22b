using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace WgProxy.Control;

/// <summary>Finds the resource that a request asks for, and lets it answer.</summary>
internal sealed class ControlApplication(IReadOnlyList<Resource> resources) : IHttpApplication<HttpContext>
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
        IEnumerable<Resource> found = _byPath[context.Request.Path.Value ?? string.Empty];
        if (!found.Any())
        {
            return Answers.RefuseAsync(context, StatusCodes.Status404NotFound, "there is nothing at this path; docs/control.md lists the paths");
        }

        if (found.FirstOrDefault(resource => HttpMethods.Equals(resource.Method, method)) is { } resource)
        {
            return resource.Answer(context);
        }

        response.Headers.Allow = string.Join(", ", found.Select(each => each.Method));
        return Answers.RefuseAsync(context, StatusCodes.Status405MethodNotAllowed, $"this path does not take {method}");
    }

    /// <inheritdoc/>
    public void DisposeContext(HttpContext context, Exception? exception)
    {
        // Nothing of a request outlives it.
    }
}
