using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using WgProxy.Linux.Net;

namespace WgProxy.Control;

/// <summary>Why a request is refused before its resource is asked.</summary>
/// <param name="Status">The code of the answer.</param>
/// <param name="Reason">In words.</param>
internal sealed record Refusal(int Status, string Reason);

/// <summary>Judges requests that come by the socket: everybody who may open it reads, and its owner changes.</summary>
internal static class SocketDoor
{
    /// <summary>Why a request is refused; null if it is not.</summary>
    public static Refusal? Judge(HttpContext context, Resource resource)
    {
        if (resource.Audience != Audience.Owner)
        {
            return null;
        }

        uint? user = context.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket ? PeerCredentials.UserOf(socket) : null;
        return user == 0 || user == HostFacts.EffectiveUser
            ? null
            : new Refusal(
                StatusCodes.Status403Forbidden,
                $"user {user?.ToString() ?? "unknown"} may only ask: expected root, or user {HostFacts.EffectiveUser}, by whose rights the relay runs");
    }
}
