using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using StackExchange.Redis;

namespace WgProxy.Fleet;

// What a standby asks of the store: all mappings of one relay, and what it publishes from now on.
internal sealed partial class FleetStore
{
    private const int NamesOfScan = 1_000;
    private const int MostAttempts = 20;

    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromMilliseconds(100);

    /// <summary>All mappings of a relay that the store has. What the relay writes meanwhile may be among them or not. Ends early if the store fails.</summary>
    /// <param name="relay">The relay's name in the fleet.</param>
    /// <param name="stop">Ends it.</param>
    public async IAsyncEnumerable<FleetRecord> ReadAllAsync(string relay, [EnumeratorCancellation] CancellationToken stop)
    {
        if (Volatile.Read(ref _connection) is not { } connection)
        {
            yield break;
        }

        IDatabase database = connection.GetDatabase();
        RedisValue pattern = FleetKey.MappingsOf(_key.RelayName(relay));
        foreach (IServer server in connection.GetServers().Where(each => each is { IsConnected: true, IsReplica: false }))
        {
            await using IAsyncEnumerator<RedisKey> names = server.KeysAsync(database.Database, pattern, NamesOfScan).GetAsyncEnumerator(stop);
            List<RedisKey> batch = new(MostNames);
            bool hasMore = true;
            while (hasMore)
            {
                hasMore = await NextAsync(names);
                if (hasMore)
                {
                    batch.Add(names.Current);
                }

                if (batch.Count == MostNames || (!hasMore && batch.Count > 0))
                {
                    foreach (FleetRecord record in await ReadAsync(database, batch, relay))
                    {
                        yield return record;
                    }

                    batch.Clear();
                }
            }
        }
    }

    /// <summary>Hears what a relay publishes, record by record, in order, until the result is disposed of. What it publishes while the connection is lost is not heard:
    /// <see cref="Returned"/> tells when to call <see cref="ReadAllAsync"/> again.</summary>
    /// <param name="relay">The relay's name in the fleet.</param>
    /// <param name="heard">Told each record, one at a time.</param>
    /// <returns>Null if the store cannot be asked now.</returns>
    public async Task<IAsyncDisposable?> ListenAsync(string relay, Action<FleetRecord> heard)
    {
        if (Volatile.Read(ref _connection) is not { } connection)
        {
            return null;
        }

        ISubscriber subscriber = connection.GetSubscriber();
        RedisChannel channel = RedisChannel.Literal(FleetKey.ChannelOf(_key.RelayName(relay)));
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                ChannelMessageQueue queue = await subscriber.SubscribeAsync(channel);
                queue.OnMessage(message => Cut((byte[]?)message.Message ?? [], relay, heard));
                return new Listening(queue);
            }
            catch (Exception refusal) when (IsOfStore(refusal))
            {
                // The client opens what it listens by only now, and refuses the first attempt meanwhile (3.4.35). It keeps the attempt all the same: that one would gather
                // what nothing takes.
                await subscriber.UnsubscribeAsync(channel, flags: CommandFlags.FireAndForget);
                if (attempt == MostAttempts)
                {
                    Failed(refusal);
                    return null;
                }
            }

            await Task.Delay(BetweenAttempts);
        }
    }

    /// <summary>Cuts a batch into its records. Each stands behind its length, two bytes.</summary>
    internal void Cut(ReadOnlySpan<byte> batch, string relay, Action<FleetRecord> heard)
    {
        while (!batch.IsEmpty)
        {
            int length = batch.Length < sizeof(ushort) ? int.MaxValue : BinaryPrimitives.ReadUInt16LittleEndian(batch);
            if (length > batch.Length - sizeof(ushort))
            {
                Figures.Add(FleetCount.Forged);
                return;
            }

            if (Opened(batch.Slice(sizeof(ushort), length)) is { } record && IsOf(record, relay))
            {
                heard(record);
            }

            batch = batch[(sizeof(ushort) + length)..];
        }
    }

    private async Task<bool> NextAsync(IAsyncEnumerator<RedisKey> names)
    {
        try
        {
            return await names.MoveNextAsync();
        }
        catch (Exception refusal) when (IsOfStore(refusal))
        {
            Failed(refusal);
            return false;
        }
    }

    private async Task<List<FleetRecord>> ReadAsync(IDatabase database, List<RedisKey> names, string relay)
    {
        List<FleetRecord> records = new(names.Count);
        try
        {
            foreach (RedisValue value in await database.StringGetAsync([.. names]))
            {
                if (!value.IsNull && Opened((byte[])value!) is { } record && IsOf(record, relay))
                {
                    records.Add(record);
                }
            }
        }
        catch (Exception refusal) when (IsOfStore(refusal))
        {
            Failed(refusal);
        }

        return records;
    }

    // Under its name, or on its channel, there may be a true record of another relay: it was copied.
    private bool IsOf(FleetRecord record, string relay)
    {
        bool isOf = string.Equals(record.Relay, relay, StringComparison.Ordinal);
        Figures.Add(FleetCount.Stale, isOf ? 0 : 1);
        return isOf;
    }

    private sealed class Listening(ChannelMessageQueue queue) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            try
            {
                await queue.UnsubscribeAsync();
            }
            catch (Exception refusal) when (IsOfStore(refusal))
            {
                // Without a connection nothing is heard anyway.
            }
        }
    }
}
