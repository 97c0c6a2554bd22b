using System.Net;
using WgProxy.Configuration;
using WgProxy.Core.Engine;
using WgProxy.Hosting;
using WgProxy.Logging;

namespace WgProxy.Serving;

/// <summary>What came of a reload.</summary>
/// <param name="Changes">What has changed; null if no file was taken over.</param>
/// <param name="Said">Errors and warnings about it, as they stand in the log.</param>
internal sealed record ReloadOutcome(ServerChanges? Changes, IReadOnlyList<string> Said);

/// <summary>Reads the configuration file again and resolves all names; without a file, the latter only. One reload at a time, whether a
/// signal or a request asks for it.</summary>
/// <param name="options">The settings of the start.</param>
/// <param name="reader">Reads them again, if they are from a file.</param>
/// <param name="servers">Takes over what has changed.</param>
/// <param name="systemd">Told that it reloads, and then that it is ready.</param>
/// <param name="log">Where it says what happens.</param>
internal sealed class Reload(Options options, OptionsReader reader, ServerSet servers, Systemd systemd, Log log)
{
    private Options _options = options;
    private IReadOnlyList<IPEndPoint> _expected = [];
    private int _listeningFiles = EngineChoice.ListeningFiles(options);

    /// <summary>Done before the file is read, and so before servers and peers go: what they have carried until then is read. Set before the first reload.</summary>
    public Func<Task> Before { get; set; } = static () => Task.CompletedTask;

    /// <summary>Has the engine listen on other addresses. Set before the first reload.</summary>
    public Action<IReadOnlyList<IPEndPoint>> ListenOn { get; set; } = static _ => { };

    /// <summary>What fits on this host: how many more listening sockets, and the ports that the system hands out. Set before the first reload.</summary>
    public Capacity? Capacity { get; set; }

    /// <summary>Where the engine is about to listen, besides where it does. Any thread may ask.</summary>
    public IReadOnlyList<IPEndPoint> Expected
    {
        get => Volatile.Read(ref _expected);
        private set => Volatile.Write(ref _expected, value);
    }

    /// <summary>What changes the servers takes it.</summary>
    public Turn Turn { get; } = new();

    /// <summary>The settings that apply. Any thread may ask.</summary>
    public Options Options => Volatile.Read(ref _options);

    /// <summary>What the relay does, for systemd.</summary>
    public string Purpose => Options.Servers is [var only] ? $"relays to {only.Endpoint}" : $"relays to {Options.Servers.Count} servers";

    /// <summary>Reloads.</summary>
    /// <param name="cause">What asked for it, as log lines begin.</param>
    /// <param name="stop">Ends the wait for another reload.</param>
    public async Task<ReloadOutcome> RunAsync(string cause, CancellationToken stop)
    {
        await servers.Begun.WaitAsync(stop);
        await Turn.BeginAsync(stop);
        try
        {
            systemd.Reloading();

            // Before a new address is listened on: a server that the file keeps from it must not be served there while a query is answered.
            await Before();
            Options? read = null;
            IReadOnlyList<string> said = Log.Overhear(() => read = TryRead(cause));
            ServerChanges? changes = read is null ? null : TakeOver(cause, read);
            servers.ResolveNow();
            return new ReloadOutcome(changes, said);
        }
        finally
        {
            systemd.Ready(Purpose);
            Turn.End();
        }
    }

    private Options? TryRead(string cause)
    {
        if (Options.File is not { } path)
        {
            log.NothingToReload(cause, Options.Servers[0].Endpoint);
            return null;
        }

        if (reader.ReadAgain(path) is { } read && IsReloadable(read, path) && TryListen(cause, read))
        {
            return read;
        }

        log.ReloadRefused(cause, path);
        return null;
    }

    private ServerChanges TakeOver(string cause, Options read)
    {
        ServerChanges changes = servers.Change(read.Servers, read.Timeout);
        log.Reloaded(cause, read.File!, changes);
        log.Level = read.Level;
        log.Addresses = read.LogAddresses;
        Volatile.Write(ref _options, read);
        return changes;
    }

    // Before anything else changes: it alone may be refused by the system.
    private bool TryListen(string cause, Options read)
    {
        if (read.Listen.Equals(Options.Listen))
        {
            return true;
        }

        // The engine binds what is new before it closes anything.
        int added = EngineChoice.ListeningFiles(read, Options.Listen);
        if (Capacity is { } room && _listeningFiles + added > room.ListeningRoom)
        {
            log.ListenNeedsFiles(read.Listen, added, room.ListeningRoom - _listeningFiles, room);
            return false;
        }

        Expected = read.Listen.All;
        IReadOnlyList<GivenUp> given = servers.GiveUpOwn();
        try
        {
            ListenOn(read.Listen.All);
            servers.ListensElsewhere(given);
            _listeningFiles += added - EngineChoice.ClosedFiles(Options, read.Listen);
            log.Listens(cause, read.Listen);
            return true;
        }
        catch (EngineException refusal)
        {
            foreach (GivenUp each in given)
            {
                each.TakeBack();
            }

            log.EngineDidNotStart(read, refusal, Capacity?.Ports ?? EphemeralPorts.OfThisHost(read.Listen.Ports));
            return false;
        }
        finally
        {
            Expected = [];
        }
    }

    private bool IsReloadable(Options read, string path)
    {
        OptionRow[] fixedOnes = [.. Options.FixedDifferences(read)];
        foreach (OptionRow row in fixedOnes)
        {
            log.NeedsRestart(row, path);
        }

        bool isSameFleet = Options.Fleet is { } fleet ? fleet.SaysTheSame(read.Fleet) : read.Fleet is null;
        if (!isSameFleet)
        {
            log.FleetNeedsRestart(path);
        }

        return fixedOnes.Length == 0 && isSameFleet;
    }
}
