using System.Reflection;
using Microsoft.AspNetCore.Http;

namespace WgProxy.Control;

/// <summary>The status page, for a browser. Its files travel inside the program, and ask for the reports that everybody may ask for.</summary>
internal static class PageResources
{
    // Nothing is taken from elsewhere, and nothing that stands in the page itself is run or applied. A text that is to become markup is refused by
    // browsers that know trusted types.
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
        + "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    /// <summary>Its files.</summary>
    public static IReadOnlyList<Resource> All { get; } =
    [
        Of("/", "page.html", "text/html", "The status page, for a browser."),
        Of("/page.css", "page.css", "text/css", "How the status page looks."),
        Of("/page.js", "page.js", "text/javascript", "What asks for the reports, and shows them."),
        Of("/page.svg", "page.svg", "image/svg+xml", "The mark of the status page."),
    ];

    private static Resource Of(string path, string file, string kind, string summary) => new(
        HttpMethods.Get, path, Audience.Everybody, summary, Report: null, context => AnswerAsync(context, file, kind))
    {
        Kind = kind,
    };

    private static async Task AnswerAsync(HttpContext context, string file, string kind)
    {
        await using Stream content = Assembly.GetExecutingAssembly().GetManifestResourceStream(file)!;
        HttpResponse response = context.Response;
        response.Headers.ContentSecurityPolicy = Policy;
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.ContentType = $"{kind}; charset=utf-8";
        response.ContentLength = content.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await content.CopyToAsync(response.Body, context.RequestAborted);
        }
    }
}
