using System.Net;
using WgProxy.Logging;
using WgProxy.Serving;
using WgProxy.Standby;
using WgProxy.Status;

namespace WgProxy.Control;

/// <summary>What a request may change.</summary>
/// <param name="inquiry">Reaches the engine.</param>
/// <param name="servers">The servers.</param>
/// <param name="reload">Reads the configuration file again.</param>
/// <param name="log">Told what was changed.</param>
internal sealed class Orders(EngineInquiry inquiry, ServerSet servers, Reload reload, Log log)
{
    /// <summary>Reads the configuration file again.</summary>
    public async Task<ReloadReport> ReloadAsync(CancellationToken stop)
    {
        ReloadOutcome outcome = await reload.RunAsync("reload", stop);
        return new ReloadReport(
            outcome.Changes is not null, outcome.Changes?.Added ?? [], outcome.Changes?.Removed ?? [], outcome.Changes?.Changed ?? [], outcome.Said);
    }

    /// <summary>The pair that this relay is one of; null for none.</summary>
    public Pair? Pair { get; init; }

    /// <summary>Takes over from the other relay of a pair.</summary>
    public Task<TakeoverReport> TakeOverAsync(TakeoverRequest request, CancellationToken stop) => Pair is { } pair
        ? pair.TakeOverAsync(request.Relay, stop)
        : Task.FromResult(new TakeoverReport(null, Serves: false, "this relay stands by for no other: Standby is not set in its section [Fleet]"));

    /// <summary>Sets the log level, until the next reload sets that of the file.</summary>
    public LogLevelReport SetLevel(int level)
    {
        log.Level = (LogLevel)level;
        return new LogLevelReport(level);
    }

    /// <summary>The rules that a request means; if it means none, why.</summary>
    public IReadOnlyList<DropRule> RulesOf(DropRequest request, out string? refusal)
    {
        refusal = null;
        if (request.Client is { } client && request.Peer is null && request.Server is null)
        {
            // An address alone is an end point with port 0.
            if (IPEndPoint.TryParse(client, out IPEndPoint? endPoint))
            {
                IPAddress address = Unmapped(endPoint.Address);
                return [new DropRule { Clients = new AddressList([new IPNetwork(address, 8 * address.GetAddressBytes().Length)]), Port = (ushort)endPoint.Port }];
            }
        }
        else if (request.Peer is { } peer && request.Client is null)
        {
            DropRule[] rules = [.. servers.Now
                .Where(served => request.Server is null || string.Equals(served.Options.Name, request.Server, StringComparison.OrdinalIgnoreCase))
                .SelectMany(served => served.Options.Peers
                    .Where(each => string.Equals(each.Name, peer, StringComparison.OrdinalIgnoreCase))
                    .Select(each => new DropRule { Route = served.Id, Peer = served.Route.Settings.Peers.Find(each.Key) }))
                .Where(rule => rule.Peer != default)];
            refusal = rules.Length > 0 ? null : $"no peer is called {LogLine.Quote(peer)}" + (request.Server is null ? string.Empty : $" at server {LogLine.Quote(request.Server)}");
            return rules;
        }

        refusal = "expected \"client\" with an address, such as 192.0.2.1, 192.0.2.1:51820 or [2001:db8::1]:51820, or \"peer\" with a name and maybe "
            + "\"server\" with another; and maybe \"deny\": true";
        return [];
    }

    /// <summary>Ends the mappings that rules mean, and maybe denies their clients; null if the engine does not answer in time.</summary>
    public async Task<DroppedReport?> DropAsync(DropRequest request, IReadOnlyList<DropRule> rules, CancellationToken stop)
    {
        // Denied first: a client that is dropped must not be back in between.
        if (request.Deny)
        {
            await servers.Begun.WaitAsync(stop);
            await reload.Turn.BeginAsync(stop);
            try
            {
                foreach (DropRule rule in rules)
                {
                    servers.Deny(rule);
                }
            }
            finally
            {
                reload.Turn.End();
            }
        }

        int dropped = 0;
        foreach (DropRule rule in rules)
        {
            DroppedReport? report = await inquiry.AskAsync(new Question { Drop = rule }, query => new DroppedReport(query.Dropped, request.Deny), stop);
            if (report is null)
            {
                return null;
            }

            dropped += report.Mappings;
        }

        log.Dropped(request.Peer, dropped, request.Deny);
        return new DroppedReport(dropped, request.Deny);
    }

    private static IPAddress Unmapped(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
