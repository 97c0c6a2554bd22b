using WgProxy.Configuration;
using WgProxy.Core.Routes;
using WgProxy.Logging;
using WgProxy.Resolving;

namespace WgProxy.Serving;

/// <summary>One server while it is served: its route, and what looks after it.</summary>
/// <param name="Options">As the operator describes it.</param>
/// <param name="Route">The route.</param>
/// <param name="Id">The route's id.</param>
internal sealed record Served(ServerOptions Options, Route Route, RouteId Id)
{
    /// <summary>What resolves its endpoints; empty before they begin.</summary>
    public IReadOnlyList<RouteResolver> Resolvers { get; init; } = [];

    /// <summary>The addresses of its endpoints; empty before they begin.</summary>
    public IReadOnlyList<EndpointAddresses> Addresses { get; init; } = [];

    /// <summary>Ends the resolvers.</summary>
    public CancellationTokenSource Stop { get; init; } = new();

    /// <summary>What watches whether it answers; null before it begins.</summary>
    public Silence? Silence { get; init; }
}
