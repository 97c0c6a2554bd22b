using StackExchange.Redis;
using WgProxy.State;

namespace WgProxy.Fleet;

// What the publisher asks of the store. It waits for the answers to one batch before it sends the next: so a store that hangs holds one batch, and no queue grows.
internal sealed partial class FleetStore
{
    private static readonly TimeSpan ToWrite = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan PresenceLives = TimeSpan.FromSeconds(30);

    // Whether the last batch was heard by a standby. While none is, an empty one is published, which tells when one listens.
    private bool _isHeard;

    /// <summary>Whether there is a connection to write to.</summary>
    public bool IsConnected => Volatile.Read(ref _connection) is { IsConnected: true };

    /// <summary>Writes and publishes a batch. On the publisher's thread, which waits.</summary>
    /// <param name="batch">A sealed batch.</param>
    /// <param name="channel">Where it is published.</param>
    public bool TryWrite(FleetBatch batch, RedisChannel channel)
    {
        if (Volatile.Read(ref _connection) is not { } connection)
        {
            return false;
        }

        try
        {
            IDatabase database = connection.GetDatabase();
            for (int i = 0; i < batch.Values.Count - 1; i++)
            {
                (RedisKey name, RedisValue value, TimeSpan lives) = batch.Values[i];
                _ = database.StringSetAsync(name, value, lives, flags: CommandFlags.FireAndForget);
            }

            // One connection, and its answers come in order: with the last one, all are there. What refuses one (read-only, no memory) refuses it too.
            Task<long> heard = database.PublishAsync(channel, _isHeard ? batch.Payload : RedisValue.EmptyString);
            Task<bool> last = database.StringSetAsync(batch.Values[^1].Name, batch.Values[^1].Value, batch.Values[^1].Lives);
            Await(Task.WhenAll(last, heard));

            bool wasHeard = _isHeard;
            _isHeard = heard.Result > 0 || connection.GetEndPoints().Length > 1;
            if (_isHeard && !wasHeard)
            {
                Await(database.PublishAsync(channel, batch.Payload));
            }

            (_silence, _refusal) = (null, null);
            return true;
        }
        catch (Exception refusal) when (IsOfStore(refusal) || refusal is AggregateException)
        {
            Failed(refusal);
            return false;
        }
    }

    /// <summary>Asks for the store's time, and writes that this relay is there. On the publisher's thread, which waits.</summary>
    public bool TryShowPresence(string relay)
    {
        if (Volatile.Read(ref _connection) is not { } connection)
        {
            return false;
        }

        try
        {
            IServer? server = connection.GetServers().FirstOrDefault(each => each is { IsConnected: true });
            if (server is null)
            {
                // Asked for nothing else than why.
                Await(connection.GetDatabase().PingAsync());
                return false;
            }

            long asked = HostInstant.Now().Utc;
            Task<DateTime> time = server.TimeAsync();
            Await(time);

            Clock.Heard(asked, HostInstant.Now().Utc, new DateTimeOffset(DateTime.SpecifyKind(time.Result, DateTimeKind.Utc)).ToUnixTimeMilliseconds());
            _silence = null;
            Await(connection.GetDatabase().StringSetAsync(FleetKey.PresenceOf(relay), (int)SealedRecord.Version, PresenceLives));

            _refusal = null;
            return true;
        }
        catch (Exception refusal) when (IsOfStore(refusal) || refusal is AggregateException)
        {
            Failed(refusal);
            return false;
        }
    }

    // The publisher has a thread of its own: to wait there takes none from the pool.
    private static void Await(Task answer)
    {
        if (!answer.Wait(ToWrite))
        {
            throw new TimeoutException("the store does not answer");
        }
    }

    private void Failed(Exception refusal)
    {
        Exception told = refusal is AggregateException all ? all.GetBaseException() : refusal;
        bool wasUp = IsUp;
        string words = StoreConnection.WordsOf(told);
        if (IsConnected && told is (RedisServerException or RedisCommandException))
        {
            Volatile.Write(ref _refusal, words);
        }
        else
        {
            Volatile.Write(ref _silence, words);
        }

        if (wasUp)
        {
            Volatile.Write(ref _downSince, Environment.TickCount64);
        }
    }
}
