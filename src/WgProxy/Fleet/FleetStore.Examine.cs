using System.Globalization;
using StackExchange.Redis;

namespace WgProxy.Fleet;

// What doctor asks of the store.
internal sealed partial class FleetStore
{
    private static readonly TimeSpan ToConnect = TimeSpan.FromSeconds(4);

    /// <summary>Connects, asks and closes. Writes nothing but that this relay is there.</summary>
    /// <param name="relay">This relay's name in the fleet.</param>
    public async Task<StoreState> ExamineAsync(string relay)
    {
        await ConnectAsync();
        long end = Environment.TickCount64 + (long)ToConnect.TotalMilliseconds;
        bool isShown = await Task.Run(() => TryShowPresence(_key.RelayName(relay)));
        while (!isShown && !IsConnected && Environment.TickCount64 < end)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200));
            isShown = await Task.Run(() => TryShowPresence(_key.RelayName(relay)));
        }

        StoreState state = new(isShown ? null : Trouble ?? "it does not answer", Clock.Ahead / 1000.0);
        try
        {
            if (Volatile.Read(ref _connection)?.GetServers().FirstOrDefault(each => each.IsConnected) is { } server)
            {
                Dictionary<string, string> told = (await server.InfoAsync()).SelectMany(section => section).DistinctBy(each => each.Key, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
                state = state with
                {
                    IsReplica = told.GetValueOrDefault("role") is "slave" or "replica",
                    Policy = told.GetValueOrDefault("maxmemory_policy"),
                    MostMemory = long.TryParse(told.GetValueOrDefault("maxmemory"), NumberStyles.None, CultureInfo.InvariantCulture, out long most) ? most : null,
                };
            }
        }
        catch (Exception refusal) when (IsOfStore(refusal))
        {
            // It need not tell: a user may lack the right to ask (INFO).
        }

        return state;
    }
}

/// <summary>What was seen of the store.</summary>
/// <param name="Trouble">Why it does not take records; null if it does.</param>
/// <param name="Ahead">How many seconds its clock is ahead of this host's; null if it has not said.</param>
internal sealed record StoreState(string? Trouble, double? Ahead)
{
    /// <summary>Whether it is a replica.</summary>
    public bool IsReplica { get; init; }

    /// <summary>What it does when its memory is full; null if it has not said.</summary>
    public string? Policy { get; init; }

    /// <summary>How much memory it may take, 0 for as much as there is; null if it has not said.</summary>
    public long? MostMemory { get; init; }
}
