using System.Net;
using Microsoft.AspNetCore.Http;

namespace WgProxy.Control;

/// <summary>
/// Judges requests that come over TCP. A browser can be made to ask from a stranger's page, by a name that first leads there and then
/// here (DNS rebinding). Its request then carries that name. So a name must be one that the operator has listed; an address is
/// no name and needs no list.
/// </summary>
internal sealed class MetricsDoor(IReadOnlyList<string> names)
{
    /// <summary>Why a request is refused; null if it is not.</summary>
    public Refusal? Judge(HttpContext context, Resource resource)
    {
        string host = context.Request.Host.Host;
        bool isKnown = IPAddress.TryParse(host.Trim('[', ']'), out _)
            || string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)
            || names.Contains(host, StringComparer.OrdinalIgnoreCase);
        return isKnown
            ? null
            : new Refusal(
                StatusCodes.Status421MisdirectedRequest,
                "the host of the request is not known here: expected an address, localhost, or a name that MetricsHosts lists");
    }
}
