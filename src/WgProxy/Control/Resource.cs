using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace WgProxy.Control;

/// <summary>Who may ask for a resource.</summary>
internal enum Audience
{
    /// <summary>Everybody who reaches an endpoint, over TCP too.</summary>
    Everybody,

    /// <summary>Those who may open the socket. It shows clients' addresses.</summary>
    Local,

    /// <summary>Those who may open the socket, and no one over TCP: what it shows was never meant for others.</summary>
    SocketOnly,

    /// <summary>Root and the relay's own user: it changes something.</summary>
    Owner,
}

/// <summary>One thing that can be asked for.</summary>
/// <param name="Method">GET, POST or PUT. HEAD goes where GET does.</param>
/// <param name="Path">The path.</param>
/// <param name="Audience">Who may ask.</param>
/// <param name="Summary">What it is, for docs/openapi.json.</param>
/// <param name="Report">The form of its answer; null for text.</param>
/// <param name="Answer">Answers a request.</param>
internal sealed record Resource(
    string Method, string Path, Audience Audience, string Summary, JsonTypeInfo? Report, Func<HttpContext, Task> Answer)
{
    /// <summary>The form of a request's body; null for no body.</summary>
    public JsonTypeInfo? Request { get; init; }

    /// <summary>What may stand behind the question mark.</summary>
    public IReadOnlyList<Parameter> Parameters { get; init; } = [];

    /// <summary>The kind of text, where there is no <see cref="Report"/>.</summary>
    public string Kind { get; init; } = "text/plain";
}

/// <summary>What may stand behind the question mark.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Meaning">What it means, and what it may be.</param>
internal sealed record Parameter(string Name, string Meaning);
