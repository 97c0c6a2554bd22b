namespace WgProxy.Core.Engine;

/// <summary>What an engine can be told while it runs.</summary>
public enum EngineCommandKind : byte
{
    /// <summary>A route is not what it was: it was added, or removed, or has other addresses or settings.</summary>
    RouteChanged,

    /// <summary>This host's own addresses or routes may have changed.</summary>
    PathsChanged,
}

/// <summary>One command for a running engine. Commands are equal if they ask for the same: of equal commands that wait, one is
/// run.</summary>
/// <param name="Kind">What is to be done.</param>
/// <param name="Route">The route; the default where no route is meant.</param>
public readonly record struct EngineCommand(EngineCommandKind Kind, RouteId Route)
{
    /// <summary>This host's own addresses or routes may have changed: mappings whose path is another now are to take it.</summary>
    public static EngineCommand PathsChanged => new(EngineCommandKind.PathsChanged, default);

    /// <summary>A route is not what it was: what it is now, added, removed, or with other addresses or settings, is for the relay to
    /// find in the engine's <see cref="EngineSettings.Routes"/>.</summary>
    public static EngineCommand RouteChanged(RouteId route) => new(EngineCommandKind.RouteChanged, route);
}
