using WgProxy.Core.Routes;

namespace WgProxy.Core.Engine;

/// <summary>What an engine can be told while it runs.</summary>
public enum EngineCommandKind : byte
{
    /// <summary>The addresses of a route have changed.</summary>
    RouteChanged,

    /// <summary>This host's own addresses or routes may have changed.</summary>
    PathsChanged,
}

/// <summary>One command for a running engine. Commands are equal if they ask for the same: of equal commands that wait, one is
/// run.</summary>
/// <param name="Kind">What is to be done.</param>
/// <param name="Route">Index of the route in the engine's list; −1 where no route is meant.</param>
public readonly record struct EngineCommand(EngineCommandKind Kind, int Route)
{
    /// <summary>This host's own addresses or routes may have changed: mappings whose path is another now are to take it.</summary>
    public static EngineCommand PathsChanged => new(EngineCommandKind.PathsChanged, -1);

    /// <summary>A route has published other addresses.</summary>
    /// <param name="route">Index of the route in the engine's list.</param>
    public static EngineCommand RouteChanged(int route) => new(EngineCommandKind.RouteChanged, route);
}
