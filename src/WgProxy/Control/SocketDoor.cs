using System.Net;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using WgProxy.Linux.Net;

namespace WgProxy.Control;

/// <summary>Why a request is refused before its resource is asked.</summary>
/// <param name="Status">The code of the answer.</param>
/// <param name="Reason">In words.</param>
internal sealed record Refusal(int Status, string Reason);

/// <summary>
/// Judges requests that come by the socket: everybody who may open it reads, and its owner changes. A browser may come by it too, where <c>ssh -L</c>
/// leads to it, with the rights of the user who forwards. So strangers' pages must neither read by a name of theirs (DNS rebinding) nor send an order.
/// </summary>
internal static class SocketDoor
{
    /// <summary>Why a request is refused; null if it is not.</summary>
    public static Refusal? Judge(HttpContext context, Resource resource)
    {
        // No stranger has a name without a dot.
        string host = context.Request.Host.Host;
        if (host.Contains('.', StringComparison.Ordinal) && !IPAddress.TryParse(host, out _))
        {
            return new Refusal(
                StatusCodes.Status421MisdirectedRequest, "the host of the request is not known here: expected an address, or a name without dots, such as localhost");
        }

        if (resource.Audience != Audience.Owner)
        {
            return null;
        }

        // Browsers name the page's origin with each request that is no mere question.
        if (context.Request.Headers.Origin.Count > 0)
        {
            return new Refusal(StatusCodes.Status403Forbidden, "a web page gives no orders: expected a request without the header Origin");
        }

        uint? user = context.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket ? PeerCredentials.UserOf(socket) : null;
        return user == 0 || user == HostFacts.EffectiveUser
            ? null
            : new Refusal(
                StatusCodes.Status403Forbidden,
                $"user {user?.ToString() ?? "unknown"} may only ask: expected root, or user {HostFacts.EffectiveUser}, by whose rights the relay runs");
    }
}
