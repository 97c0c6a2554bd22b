using System.Net;
using WgProxy.Linux.Listen;

namespace WgProxy.Linux.Workers;

/// <summary>What a worker is told when the engine is to listen on other addresses.</summary>
/// <param name="Added">The worker's sockets of addresses that are new. It owns them from then on.</param>
/// <param name="Removed">Addresses that it is to serve no longer.</param>
/// <param name="Done">Told, on the worker's thread, when it neither reads nor writes by sockets of those.</param>
internal sealed record ListenOrder(IReadOnlyList<ListenSocket> Added, IReadOnlyList<IPEndPoint> Removed, Action Done)
{
    /// <summary>The worker's sockets of those addresses. Complete when it is done.</summary>
    public List<ListenSocket> Closed { get; } = [];
}
