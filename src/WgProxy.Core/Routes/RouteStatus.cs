using System.Net;

namespace WgProxy.Core.Routes;

/// <summary>What there is to say of one route beside its counters: pure data, as of the turn in which it was read.</summary>
/// <param name="InUse">The address that new mappings go to; null while the server has none.</param>
/// <param name="IsAnswering">Whether that address is known to answer.</param>
/// <param name="IsLoaded">Whether the server has said lately, by a cookie, that it is under load.</param>
public readonly record struct RouteStatus(IPEndPoint? InUse, bool IsAnswering, bool IsLoaded)
{
    /// <summary>What two relays together say of the same route. An address that is known to answer comes first.</summary>
    internal RouteStatus With(RouteStatus other)
    {
        RouteStatus first = (IsAnswering || !other.IsAnswering) && InUse is not null ? this : other;
        return first with { IsLoaded = IsLoaded || other.IsLoaded };
    }
}
