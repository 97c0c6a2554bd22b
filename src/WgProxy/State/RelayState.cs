using Microsoft.Win32.SafeHandles;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;
using WgProxy.Logging;

namespace WgProxy.State;

/// <summary>
/// What a relay keeps over its restart, in a directory of its own: records of mappings, and two seeds. Whatever is wrong with the
/// directory costs records, and never the start; only a directory that another relay uses refuses it.
/// </summary>
internal sealed class RelayState : IAsyncDisposable
{
    private const string LockName = "lock";
    private const string SeedsName = "seeds";
    private const string MappingsName = "mappings";
    private const string AddressesName = "addresses";

    private readonly string _directory;
    private readonly Log _log;
    private readonly SafeFileHandle _lock;
    private readonly RecordFile _file;
    private readonly StateWriter _writer;
    private readonly Restoration _restoration;
    private readonly EngineSeeds _seeds;
    private readonly string? _flaw;
    private readonly CancellationTokenSource _stop = new();
    private Task _restoring = Task.CompletedTask;

    private RelayState(string directory, SafeFileHandle theLock, EngineSeeds seeds, RecordFile file, string? flaw, Log log)
    {
        (_directory, _lock, _seeds, _file, _flaw, _log) = (directory, theLock, seeds, file, flaw, log);
        _writer = new StateWriter(file, refusal => log.StateIsWritten(directory, refusal));
        Addresses = new AddressFile(System.IO.Path.Combine(directory, AddressesName), refusal => log.AddressesAreNotWritten(directory, refusal));
        _restoration = new Restoration(file, _writer);
        _restoration.Prepare();
    }

    /// <summary>Where it is.</summary>
    public string Path => _directory;

    /// <summary>To what the names of servers were resolved.</summary>
    public AddressFile Addresses { get; }

    /// <summary>Which directory a setting means; null for none.</summary>
    /// <param name="setting">The text of the setting: none, auto or a path.</param>
    /// <param name="ofService"><c>$STATE_DIRECTORY</c>, which systemd sets to the paths of StateDirectory= with colons between.</param>
    public static string? DirectoryOf(string setting, string? ofService) => setting switch
    {
        "none" => null,
        "auto" => ofService?.Split(':') is [{ Length: > 0 } first, ..] && System.IO.Path.IsPathRooted(first) ? first : null,
        _ => System.IO.Path.GetFullPath(setting),
    };

    /// <summary>Opens the directory, or makes it. Null if there is none, or it cannot be used; then one line said why.</summary>
    /// <param name="directory">Where; null for nowhere.</param>
    /// <param name="log">Told what is wrong.</param>
    /// <param name="isTaken">Whether another relay uses it.</param>
    public static RelayState? Open(string? directory, Log log, out bool isTaken)
    {
        isTaken = false;
        if (directory is null)
        {
            return null;
        }

        SafeFileHandle? theLock = null;
        try
        {
            StateFiles.MakeDirectory(directory);
            string? flawOfAll = StateFiles.OthersMayWrite(directory)
                ? "other users may write to it; expected mode 0700"
                : StateFiles.StrangerIn(directory, [LockName, SeedsName, MappingsName, AddressesName]);
            if (flawOfAll is not null)
            {
                log.StateIsUnusable(directory, flawOfAll);
                return null;
            }

            string lockPath = System.IO.Path.Combine(directory, LockName);
            theLock = StateFiles.TryLock(lockPath);
            if (theLock is null)
            {
                isTaken = true;
                log.StateIsTaken(directory);
                return null;
            }

            string seedPath = System.IO.Path.Combine(directory, SeedsName);
            string recordPath = System.IO.Path.Combine(directory, MappingsName);
            _ = StateFiles.TakeFromOthers(recordPath);
            _ = StateFiles.TakeFromOthers(System.IO.Path.Combine(directory, AddressesName));
            EngineSeeds seeds = SeedFile.Open(seedPath, StateFiles.TakeFromOthers(seedPath), out string? seedFlaw);
            RecordFile file = RecordFile.Open(recordPath, SeedFile.IdentityOf(seeds), out string? flaw);
            return new RelayState(directory, theLock, seeds, file, seedFlaw ?? (flaw is null ? null : $"its file of records {flaw}, and is set aside as mappings.old"), log);
        }
        catch (Exception refusal) when (refusal is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            theLock?.Dispose();
            log.StateIsUnusable(directory, refusal.Message);
            return null;
        }
    }

    /// <summary>The settings of an engine whose mappings are kept. When it starts, it begins to restore what the directory holds.</summary>
    public EngineSettings Equip(EngineSettings settings) => settings with
    {
        Seeds = settings.Seeds with { Steering = _seeds.Steering, Cookie = _seeds.Cookie },
        Relay = settings.Relay with { CookieZero = HostInstant.Now().Utc },
        Journal = new JournalSettings { Clock = HostInstant.Now, Write = _writer.TryWrite },
        Recorded = () => _restoration.First,
        Starting = Restore,
    };

    // What waits in inherited sockets finds the first batch already lent.
    private void Restore(IEngine engine) => _restoring = RestoreAsync(engine);

    /// <summary>Writes what is still to be written. The engine has stopped.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _restoring;
        await Addresses.EndAsync();
        _stop.Dispose();
        _writer.Dispose();
        _lock.Dispose();
    }

    private async Task RestoreAsync(IEngine engine)
    {
        Restoration restoration = _restoration;
        await restoration.RunAsync(engine);
        _log.Restored(_directory, restoration);
        int damaged = _file.Damaged + restoration.Unreadable;
        if (_flaw is not null || damaged > 0 || restoration.Refused > 0)
        {
            _log.StateIsSetAside(_directory, _flaw, damaged, restoration);
        }

        if (restoration.Kept > 0)
        {
            int waiting = restoration.Kept;
            _log.RecordsWait(_directory, restoration);
            await restoration.RunAgainAsync(engine, TimeProvider.System, _stop.Token);
            _log.RecordsWaited(_directory, waiting, restoration);
        }
    }
}
