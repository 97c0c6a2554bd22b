using Microsoft.AspNetCore.Http;

namespace WgProxy.Control;

/// <summary>Who may ask for a resource.</summary>
internal enum Audience
{
    /// <summary>Everybody who reaches an endpoint, over TCP too.</summary>
    Everybody,

    /// <summary>Those who may open the socket. It shows clients' addresses.</summary>
    Local,

    /// <summary>Root and the relay's own user: it changes something.</summary>
    Owner,
}

/// <summary>One thing that can be asked for.</summary>
/// <param name="Method">GET, POST or PUT. HEAD goes where GET does.</param>
/// <param name="Path">The path.</param>
/// <param name="Audience">Who may ask.</param>
/// <param name="Answer">Answers a request.</param>
internal sealed record Resource(string Method, string Path, Audience Audience, Func<HttpContext, Task> Answer);
