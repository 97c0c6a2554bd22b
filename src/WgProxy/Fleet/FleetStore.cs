using StackExchange.Redis;
using WgProxy.State;

namespace WgProxy.Fleet;

// This floor, in short. Every relay of a fleet tells the store what it knows of each mapping, and asks it what none of its own tables knows.
//
//   FleetKey, SealedRecord, PackedRecord     what a record looks like in the store, and under which names it stands there
//   FleetPublisher, PublishQueue             from the engine's journal into the store: the second reader of records beside State/StateWriter
//   FleetStore                               one connection to the store, and all that is asked of it:
//       FindAsync       tunnels by indices. For clients that come here from another relay. Budgets are the asker's.
//       ReadAllAsync    all mappings of one relay. For its standby, when it begins to listen.
//       ListenAsync     what that relay publishes from now on, in order, records of ends too (IsEnded).
//   RelayFleet                               one relay's part in its fleet: opened, told of records, ended
//
// Whatever these methods give has been opened with the fleet's key, and its instant (MappingRecord.Written) is by this host's clock: age it as any other record. It may still be
// old, or wrong: a relay of the fleet said so once, and the server decides. None of them throws for what the store does or does not do. Without the store they find nothing.
//
// The store holds each record under the name of its mapping (timeout, 180 s of lingering and 120 s long) and under the indices by which its tunnel is found (190 s at most).
// Both are whole values that are SET with a time to live. Nothing is deleted, and nothing is read in order to be written: the last writer wins.

/// <summary>The fleet's store: one connection, that comes back by itself. All methods may be called by any thread.</summary>
internal sealed partial class FleetStore : IAsyncDisposable
{
    /// <summary>Names in one question.</summary>
    public const int MostNames = 64;

    /// <summary>For how long an answer to <see cref="FindAsync"/> is awaited.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private readonly FleetKey _key;
    private readonly ConfigurationOptions _options;
    private readonly MissedIndices _missed = new();
    private IConnectionMultiplexer? _connection;
    private long _downSince = Environment.TickCount64;

    // Two troubles, because one may pass and the other stay: the store does not answer; it answers, and refuses to write.
    private string? _silence = "not connected yet";
    private string? _refusal;

    /// <summary>A store that is not connected yet.</summary>
    /// <param name="key">The fleet's key.</param>
    /// <param name="options">How it is reached: <see cref="StoreConnection.OptionsOf"/>.</param>
    public FleetStore(FleetKey key, ConfigurationOptions options) => (_key, _options) = (key, options);

    /// <summary>What has been counted.</summary>
    public FleetFigures Figures { get; } = new();

    /// <summary>The store's clock.</summary>
    public StoreClock Clock { get; } = new();

    /// <summary>The fleet's key.</summary>
    public FleetKey Key => _key;

    /// <summary>Whether the store takes records and answers, as far as was seen last.</summary>
    public bool IsUp => Trouble is null;

    /// <summary>What is wrong with the store, in its own or the client's words; null if nothing is.</summary>
    public string? Trouble => Volatile.Read(ref _silence) ?? Volatile.Read(ref _refusal);

    /// <summary>For how many milliseconds it has not been up; 0 if it is.</summary>
    public long DownFor => IsUp ? 0 : Environment.TickCount64 - Volatile.Read(ref _downSince);

    /// <summary>Called when the connection is there again after it was lost: what was published meanwhile was not heard.</summary>
    public Action? Returned { get; set; }

    /// <summary>Begins to connect. Never fails: without a store, it goes on trying.</summary>
    public async Task ConnectAsync()
    {
        try
        {
            IConnectionMultiplexer connection = await ConnectionMultiplexer.ConnectAsync(_options);
            connection.ConnectionRestored += (_, _) => Returned?.Invoke();
            Volatile.Write(ref _connection, connection);
        }
        catch (Exception refusal) when (IsOfStore(refusal))
        {
            Failed(refusal);
        }
    }

    /// <summary>Asks which tunnels these indices lead to. An index that was missed a moment ago is not asked for again.</summary>
    /// <param name="indices">Indices that servers issued. With groups that have several bits, each takes several of the <see cref="MostNames"/> of a question.</param>
    /// <param name="groups">The groups of the routes that are served here: <see cref="FleetKey.GroupsOf"/>.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>For each index that was found, a record that leads to its tunnel; of several routes, one for each.</returns>
    public async Task<IReadOnlyList<(uint Index, FleetRecord Record)>> FindAsync(IReadOnlyCollection<uint> indices, ulong groups, CancellationToken stop)
    {
        List<(uint Index, FleetRecord Record)> found = [];
        long now = Environment.TickCount64;
        uint[] asked = [.. indices.Where(index => !_missed.Has(index, now)).Distinct()];
        Figures.Add(FleetCount.KnownMisses, indices.Count - asked.Length);
        if (asked.Length == 0 || groups == 0 || Volatile.Read(ref _connection) is not { } connection)
        {
            return found;
        }

        Figures.Add(FleetCount.Asked, asked.Length);
        (uint Index, RedisKey Name)[] names =
            [.. from index in asked from @group in Enumerable.Range(0, FleetKey.Groups) where (groups & (1UL << @group)) != 0 select (index, NameOf(@group, index))];
        IDatabase database = connection.GetDatabase();
        (uint Index, RedisKey Name)[][] questions = [.. names.Chunk(MostNames)];
        Task<RedisValue[]>[] answers = [.. questions.Select(question => AskAsync(database, question))];
        HashSet<uint> unanswered = [];
        for (int i = 0; i < questions.Length; i++)
        {
            try
            {
                Take(questions[i], await answers[i].WaitAsync(Patience, stop), found);
            }
            catch (Exception refusal) when (IsOfStore(refusal) || refusal is OperationCanceledException)
            {
                unanswered.UnionWith(questions[i].Select(each => each.Index));
                AwaitLate(questions[i], answers[i]);
            }
        }

        HashSet<uint> hits = [.. found.Select(each => each.Index)];
        unanswered.ExceptWith(hits);
        Figures.Add(FleetCount.Hits, hits.Count);
        Figures.Add(FleetCount.Unanswered, unanswered.Count);
        foreach (uint index in asked.Where(index => !hits.Contains(index) && !unanswered.Contains(index)))
        {
            Figures.Add(FleetCount.Misses);
            _missed.Add(index, now);
        }

        return found;
    }

    /// <summary>Closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _connection, null) is { } connection)
        {
            await connection.CloseAsync(allowCommandsToComplete: false);
            await connection.DisposeAsync();
        }
    }

    /// <summary>Whether an exception says what the store or the way to it does, not what this program does.</summary>
    internal static bool IsOfStore(Exception exception) =>
        exception is RedisException or TimeoutException or IOException or System.Net.Sockets.SocketException or ObjectDisposedException;

    private static async Task<RedisValue[]> AskAsync(IDatabase database, (uint Index, RedisKey Name)[] question) =>
        await database.StringGetAsync([.. question.Select(each => each.Name)]);

    private RedisKey NameOf(int group, uint index)
    {
        byte[] name = new byte[FleetKey.IndexNameSize];
        _key.WriteIndexName(group, index, name);
        return name;
    }

    private void Take((uint Index, RedisKey Name)[] question, RedisValue[] values, List<(uint Index, FleetRecord Record)> found)
    {
        for (int i = 0; i < question.Length && i < values.Length; i++)
        {
            if (!values[i].IsNull && Opened((byte[])values[i]!) is { } record)
            {
                if (record.LeadsTo(question[i].Index, Math.Max(Clock.Now - record.Written, 0)))
                {
                    found.Add((question[i].Index, record));
                }
                else
                {
                    Figures.Add(FleetCount.Stale);
                }
            }
        }
    }

    private void AwaitLate((uint Index, RedisKey Name)[] question, Task<RedisValue[]> answer) =>
        _ = answer.ContinueWith(
            late =>
            {
                List<(uint Index, FleetRecord Record)> found = [];
                if (late.IsCompletedSuccessfully)
                {
                    Take(question, late.Result, found);
                }

                _ = late.Exception;
                Figures.Add(FleetCount.LateHits, found.Count);
            },
            CancellationToken.None,
            TaskContinuationOptions.None,
            TaskScheduler.Default);

    private FleetRecord? Opened(ReadOnlySpan<byte> bytes)
    {
        SealVerdict verdict = SealedRecord.Open(_key, bytes, out FleetRecord? record);
        if (record is null)
        {
            Figures.Add(verdict);
            return null;
        }

        return record.SeenAt(HostInstant.Now(), Clock.Now);
    }
}
