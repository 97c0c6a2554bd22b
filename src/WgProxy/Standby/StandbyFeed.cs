using WgProxy.Fleet;
using WgProxy.State;

namespace WgProxy.Standby;

/// <summary>Keeps a standby's table current: reads what the store has of two relays, and hears what one of them publishes from then on.</summary>
/// <param name="store">The store.</param>
/// <param name="served">The relay whose table it is.</param>
/// <param name="self">This relay: what it wrote while it had the address counts too, as long as the other has not written since.</param>
/// <param name="table">The table.</param>
internal sealed class StandbyFeed(FleetStore store, string served, string self, StandbyTable table)
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Sweep = TimeSpan.FromSeconds(30);

    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when all that the store had has been read once.</summary>
    public Task Loaded => _loaded.Task;

    /// <summary>Feeds until it is stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using SemaphoreSlim missed = new(0);
        Action returned = () => missed.Release();
        store.Returned += returned;
        try
        {
            await using IAsyncDisposable listening = await ListenAsync(stop);
            await ReadAsync(self, stop);
            while (!stop.IsCancellationRequested)
            {
                // Listened to first: what is written while this reads is not missed.
                await ReadAsync(served, stop);
                _ = _loaded.TrySetResult();
                while (!await missed.WaitAsync(Sweep, stop))
                {
                    table.Sweep(HostInstant.Now());
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped, as intended.
        }
        finally
        {
            store.Returned -= returned;
        }
    }

    private async Task<IAsyncDisposable> ListenAsync(CancellationToken stop)
    {
        while (true)
        {
            if (await store.ListenAsync(served, Put) is { } listening)
            {
                return listening;
            }

            await Task.Delay(Again, stop);
        }
    }

    private async Task ReadAsync(string relay, CancellationToken stop)
    {
        await foreach (FleetRecord record in store.ReadAllAsync(relay, stop))
        {
            Put(record);
        }
    }

    private void Put(FleetRecord record) => table.Put(record.Record, record.Written);
}
