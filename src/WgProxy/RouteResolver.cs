using System.Net;
using System.Net.Sockets;
using WgProxy.Core;

namespace WgProxy;

/// <summary>Asks for the addresses of a name.</summary>
internal delegate Task<IPAddress[]> ResolveName(string name, CancellationToken stop);

/// <summary>
/// Keeps the address of a route's server current, aside from the packet path. A name that does not resolve is tried
/// again; a good address is given up only for a better one.
/// </summary>
internal sealed class RouteResolver(
    Route route, ServerName server, OwnAddresses own, ResolveName resolve, TimeProvider time, Log log)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(60);

    private TaskCompletionSource _wanted = NewWish();

    /// <summary>Asks for the name again at once instead of at the next due time. May be called from any thread; while an
    /// answer is awaited, the name is asked for once more after it.</summary>
    public void ResolveNow() => Volatile.Read(ref _wanted).TrySetResult();

    /// <summary>Publishes the server's address, now and whenever it changes, until told to stop. Returns before only if
    /// the first address to be found is the relay's own, after saying so.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        TimeSpan retry = FirstRetry;
        while (true)
        {
            TaskCompletionSource wanted = NewWish();
            Volatile.Write(ref _wanted, wanted);
            IPAddress[] answer = [];
            string reason = "no address that a server can have";
            try
            {
                answer = server.Address is { } address
                    ? [address]
                    : await resolve(server.Host, stop).WaitAsync(stop);
            }
            catch (Exception refusal) when (refusal is SocketException or ArgumentException)
            {
                reason = LookUpFailure.Words(refusal);
            }

            IPAddress[] usable = [.. answer.Select(EndPointText.Normalise).Where(ServerName.IsUsable)];
            IPAddress[] foreign = [.. usable.Where(candidate => !own.Contains(candidate, server.Port))];
            if (foreign.Length > 0)
            {
                Publish(foreign);
            }
            else if (usable.Length > 0 && route.Server is null)
            {
                log.ServerIsRelay(server, usable[0]);
                return;
            }
            else if (usable.Length > 0)
            {
                log.ResolvedToRelay(server, usable[0], route.Server!);
            }

            TimeSpan pause = route.Server is null ? retry : Period;
            if (usable.Length == 0)
            {
                log.Unresolved(server, reason, pause, route.Server);
                retry = retry * 2 < Period ? retry * 2 : Period;
            }

            // An address stays what it is: only names are asked for again.
            await wanted.Task.WaitAsync(server.Address is null ? pause : Timeout.InfiniteTimeSpan, time, stop)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stop.ThrowIfCancellationRequested();
        }
    }

    private static TaskCompletionSource NewWish() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Publish(IPAddress[] candidates)
    {
        IPEndPoint? former = route.Server;
        if (former is null || !candidates.Contains(former.Address))
        {
            IPEndPoint current = new(candidates[0], server.Port);
            route.Server = current;
            log.Resolved(server, current, former);
        }
    }
}
