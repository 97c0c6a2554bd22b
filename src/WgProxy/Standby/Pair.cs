using WgProxy.Core.Engine;
using WgProxy.Core.Journal;
using WgProxy.Fleet;
using WgProxy.Linux.Net;
using WgProxy.Logging;
using WgProxy.Status;

namespace WgProxy.Standby;

/// <summary>
/// One of two relays that share addresses, which VRRP gives to one host at a time. While this host has them, it serves; while not, it stands by: it holds the other relay's table, has its upstream ports bound, and
/// neither listens nor reads anything. The addresses alone decide. An order only has it look at once, and tells what came of it.
/// </summary>
internal sealed class Pair : IDisposable
{
    // What the store has is read in that time, or the relay begins without: on a host that had the addresses before, as after a restart.
    private static readonly TimeSpan Loading = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Blindly = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(100);

    /// <summary>How long an order waits for the addresses.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly StandbyFeed _feed;
    private readonly SharedAddresses _addresses;
    private readonly Log _log;
    private readonly TaskCompletionSource _isTaken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TakenMappings? _mappings;
    private string? _refusal;

    /// <summary>One of a pair, that has not begun.</summary>
    /// <param name="settings">What the section says: it names another relay, and the addresses.</param>
    /// <param name="store">The fleet's store.</param>
    /// <param name="most">How many mappings this relay has room for.</param>
    /// <param name="early">Binds upstream ports beforehand; null for none.</param>
    /// <param name="log">Told what happens.</param>
    public Pair(FleetSettings settings, FleetStore store, int most, EarlyPorts? early, Log log)
    {
        (Early, _log, Other) = (early, log, settings.Standby!);
        Table = new StandbyTable(most, early);
        _feed = new StandbyFeed(store, Other, settings.Name, Table);
        _addresses = new SharedAddresses(settings.SharedAddresses);
    }

    /// <summary>The other relay.</summary>
    public string Other { get; }

    /// <summary>What it has, as far as is known; not kept current while this relay serves.</summary>
    public StandbyTable Table { get; }

    /// <summary>Upstream ports that are bound beforehand; null for none.</summary>
    public EarlyPorts? Early { get; }

    /// <summary>Whether this relay serves.</summary>
    public bool Serves { get; private set; }

    /// <summary>Whether it has served, and the addresses are gone.</summary>
    public bool HasGivenBack { get; private set; }

    /// <summary>What it is, for systemd.</summary>
    public string Purpose => $"stands by for {Other}";

    /// <summary>How it stands.</summary>
    public PairReport Report => new(
        Other,
        Serves,
        [.. _addresses.Addresses.Select(each => each.ToString())],
        Serves ? 0 : Table.Count,
        Serves ? 0 : Table.EarlyCount,
        Table.Refused,
        Known?.Total ?? 0,
        Known?.Count(RestoreVerdict.Restored) ?? 0,
        Known?.Took.TotalSeconds);

    private TakenMappings? Known => Volatile.Read(ref _mappings);

    /// <summary>The settings of the engine that serves. Called when it is made.</summary>
    public EngineSettings Equip(EngineSettings settings)
    {
        ReadOnlyMemory<MappingRecord> kept = settings.Recorded?.Invoke() ?? default;
        TakenMappings mappings = new(Table.Snapshot(), kept, Taken);
        Action<IEngine>? next = settings.Starting;
        return settings with { Recorded = () => mappings.All, Starting = engine => _ = mappings.RunAsync(engine, next) };
    }

    /// <summary>Stands by until the addresses come, serves until they go. Returns then.</summary>
    /// <param name="start">Starts the engine; returns what the system refused, or null.</param>
    /// <param name="stop">Ends it.</param>
    public async Task RunAsync(Func<string?> start, CancellationToken stop)
    {
        using CancellationTokenSource ready = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task feeding = _feed.RunAsync(ready.Token);
        if (_addresses.AreHere)
        {
            _ = await Task.WhenAny(_feed.Loaded, Task.Delay(Loading, stop));
        }
        else
        {
            _log.StandsBy(Other, _addresses.Addresses);
        }

        while (!TryServe(start))
        {
            await _addresses.ChangedAsync(_refusal is null ? Blindly : Retry, stop);
        }

        await ready.CancelAsync();
        await feeding;
        while (_addresses.AreHere)
        {
            await _addresses.ChangedAsync(Blindly, stop);
        }

        HasGivenBack = true;
        _log.GaveBack(Other, _addresses.Missing);
    }

    /// <summary>Orders it to take over now: what came of it.</summary>
    /// <param name="relay">Which relay's addresses; null for the one it stands by for.</param>
    /// <param name="stop">Ends the wait.</param>
    public async Task<TakeoverReport> TakeOverAsync(string? relay, CancellationToken stop)
    {
        if (relay is not null && !string.Equals(relay, Other, StringComparison.Ordinal))
        {
            return new TakeoverReport(Other, Serves, $"this relay stands by for {LogLine.Quote(Other)}, not for {LogLine.Quote(relay)}");
        }

        _addresses.LookAgain();
        _ = await Task.WhenAny(_isTaken.Task, Task.Delay(Patience, stop));
        PairReport report = Report;
        return new TakeoverReport(Other, _isTaken.Task.IsCompleted, _isTaken.Task.IsCompleted ? null : Waits(), report.Known, report.Restored, report.TookSeconds);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _addresses.Dispose();
        Early?.Close();
    }

    private string Waits() => _refusal
        ?? (_addresses.Missing is { Count: > 0 } missing ? $"this host does not have {string.Join(" and ", missing)} yet: the relay takes over when it comes" : "the relay is still taking over");

    private bool TryServe(Func<string?> start)
    {
        if (!_addresses.AreHere)
        {
            _refusal = null;
            return false;
        }

        string? refusal = start();
        if (refusal is not null && !string.Equals(refusal, _refusal, StringComparison.Ordinal))
        {
            _log.CannotTakeOver(Other, refusal);
        }

        _refusal = refusal;
        Serves = refusal is null;
        return Serves;
    }

    private void Taken(TakenMappings mappings)
    {
        Volatile.Write(ref _mappings, mappings);
        _log.TookOver(Other, mappings);
        _ = _isTaken.TrySetResult();
    }
}
