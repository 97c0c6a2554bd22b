using System.Net;
using System.Threading.Channels;
using WgProxy.Accounting;
using WgProxy.Causes;
using WgProxy.Configuration;
using WgProxy.Control;
using WgProxy.Core.Engine;
using WgProxy.Core.Routes;
using WgProxy.Figures;
using WgProxy.Fleet;
using WgProxy.History;
using WgProxy.Hosting;
using WgProxy.Linux.Net;
using WgProxy.Logging;
using WgProxy.Resolving;
using WgProxy.Serving;
using WgProxy.Standby;
using WgProxy.State;
using WgProxy.Status;

namespace WgProxy;

/// <summary>One run of the relay: engine, servers, signals, end.</summary>
internal sealed class RelayRun
{
    private const int MostServersShown = 100;
    private const int MostPeersShown = 100;

    // By which programs that speak OTLP are told where to send figures (OpenTelemetry specification, "Protocol Exporter").
    private static readonly string[] OtlpVariables = ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

    private static readonly TimeSpan StartLasts = TimeSpan.FromSeconds(1);

    private readonly Options _options;
    private readonly Log _log;
    private readonly ServerSet _servers;
    private readonly Systemd _systemd;
    private readonly HandedSockets _handed;
    private readonly Reload _reload;

    // Signals come on any thread, also two at once. One task handles them in turn, and a second one that waits is enough.
    private readonly Channel<bool> _hangUps = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private int _released;
    private Pair? _pair;

    /// <summary>A run that has not begun.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="reader">Reads them again, if they are from a file.</param>
    /// <param name="log">Where it says what happens.</param>
    /// <param name="systemd">Who started it, maybe.</param>
    /// <param name="handed">The sockets that it had then.</param>
    public RelayRun(Options options, OptionsReader reader, Log log, Systemd systemd, HandedSockets handed)
    {
        (_options, _log, _systemd, _handed) = (options, log, systemd, handed);
        _servers = new ServerSet(options.Servers, options.Timeout, TimeProvider.System, log) { Preferred = options.PreferredFamily };
        _reload = new Reload(options, reader, _servers, systemd, log);
    }

    /// <summary>Whether it has ended because the addresses that this relay shares with another went to that one. It is to run again then, and stands by.</summary>
    public bool HasGivenBack => _pair is { HasGivenBack: true };

    /// <summary>The settings that applied last.</summary>
    public Options Options => _reload.Options;

    /// <summary>Relays until a signal says otherwise; returns the exit code.</summary>
    /// <param name="version">The version, for the first line.</param>
    public async Task<int> RunAsync(string version)
    {
        Options options = _options;
        Capacity capacity = Capacity.OfThisHost(
            _handed.Listening.Count > 0 ? [.. _handed.Listening.Select(each => each.Local.Port)] : options.Listen.Ports,
            options.MaxMappings,
            options.UpstreamPorts,
            EngineChoice.ListeningFiles(options));
        MakeRoomForFiles(capacity);
        string? directory = RelayState.DirectoryOf(options.StateDirectory, Environment.GetEnvironmentVariable("STATE_DIRECTORY"));
        await using RelayState? state = RelayState.Open(directory, _log, out bool isTaken);
        if (isTaken)
        {
            return ExitCode.SystemRefused;
        }

        await using RelayFleet? fleet = Join(options.Fleet);
        using Pair? pair = fleet is { Settings.Standby: not null }
            ? new Pair(fleet.Settings, fleet.Store, capacity.Mappings, EngineChoice.BindEarly(options, capacity.Mappings), _log)
            : null;
        _pair = pair;
        EngineSettings settings = options.ForEngine(_servers.Routes, capacity) with { Inherited = Inherited() };
        Func<IEnumerable<IPAddress>> ofHost = OwnAddresses.OfThisHostLately(TimeProvider.System);
        AddressFile? addresses = state?.Addresses;
        _servers.Presume(
            new OwnAddresses(_handed.Listening.Count > 0 ? [.. _handed.Listening.Select(each => each.Local)] : settings.Listen, ofHost),
            name => addresses?.Of(name) ?? []);
        _servers.AddressesChanged = addresses is null ? null : () => addresses.Save(() => _servers.Resolved);
        RelayObserver observer = new(_log, settings.Relay, _servers.ResolveSoon);
        Attempts attempts = new(TimeProvider.System);
        settings = settings with { Observe = change => Observe(observer, attempts, change) };
        using IEngine engine = pair is null ? Make(null) : new DeferredEngine(Make);
        UsageBook book = UsageBook.Open(state?.Path, _log);
        UsageMeter usage = new(() => [.. _servers.Now.Select(served => (served.Id, served.Route))], engine.ReadUsageAsync, book, TimeProvider.System);
        _reload.Before = usage.ReadAsync;
        _log.BeginQueue();
        if (pair is null && !TryStart(engine, capacity))
        {
            return ExitCode.SystemRefused;
        }

        // Before the first line: its reader may send a signal at once.
        long start = TimeProvider.System.GetTimestamp();
        _reload.ListenOn = engine.ListenOn;
        _reload.Capacity = capacity;
        OwnAddresses own = new(() => [.. engine.Listening, .. _reload.Expected], ofHost);
        Announcements announcements = new(engine.Post, TimeProvider.System);
        using Signals signals = new(() => _ = SayAsync(_log.Status, _log.ServerStatus, _log.PeerStatus), () => _hangUps.Writer.TryWrite(true));
        if (pair is null)
        {
            SayStarted();
        }

        if (Array.Find(OtlpVariables, variable => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable))) is { } asked)
        {
            _log.OtlpIsNotSpoken(asked);
        }

        Trouble trouble = new(engine.ReadCountersAsync, all => _servers.LookAsync(all, engine.ReadCountersAsync), TimeProvider.System, _log);
        using FigureReader figures = new(
            engine,
            () => _servers.Now,
            new Reading.Constants(version, options.Engine == EngineKind.Linux ? "linux" : "portable", settings.Relay.MaxMappings, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0) { Fleet = fleet },
            TimeProvider.System);
        using FigureMeter meter = new(figures, version, TimeProvider.System);
        RelayHistory history = new(figures, TimeProvider.System);
        RelayFacts facts = new(version, TimeProvider.System.GetUtcNow(), capacity, settings.Relay.LoadedAsked, () => _reload.Options, () => (int)_log.Level) 
        {
            Attempts = attempts,
            History = history,
            Accounts = book,
            Fleet = fleet,
            Pair = pair,
            Lines = _log.Ring,
        };
        Lazy<IReadOnlyList<Resource>> resources = new(() => ResourcesOf(engine, facts, figures));
        await using Endpoints endpoints = await Endpoints.StartAsync(options, () => resources.Value, _log);
        _systemd.Ready(pair?.Purpose ?? _reload.Purpose);
        bool stopped = await signals.RunUntilStopAsync(stop => Task.WhenAny(
            _servers.RunAsync(announcements, own, new LookUpPlaces(HostLookup.AskAsync, TimeProvider.System).AskAsync, stop),
            trouble.RunAsync(stop),
            usage.RunAsync(stop),
            pair?.RunAsync(TryStartForPair, stop) ?? Task.Delay(Timeout.InfiniteTimeSpan, stop),
            endpoints.AreThere ? history.RunAsync(stop) : Task.Delay(Timeout.InfiniteTimeSpan, stop),
            HandleHangUpsAsync(stop),
            GiveStartBackAsync(stop),
            _systemd.RunAsync(engine, Summary.InBrief, TimeProvider.System, stop)).Unwrap());
        if (!HasGivenBack)
        {
            _systemd.Stopping();
        }

        engine.Stop();
        await usage.EndAsync();
        await SayAsync(_log.Stopped, _log.ServerStopped, _log.PeerStopped);
        return stopped ? ExitCode.Done : ExitCode.WrongSettings;

        IEngine Make(IReadOnlyList<IPEndPoint>? listen)
        {
            EngineSettings made = listen is null ? settings : settings with { Listen = listen };
            made = state?.Equip(made) ?? made;
            made = fleet?.Equip(made) ?? made;
            return EngineChoice.Create(options, pair?.Equip(made) ?? made, pair?.Early);
        }

        void SayStarted()
        {
            _log.Started(version, engine.Listening, options.Servers);
            _log.Kept(_handed.Kept.Count - _released, _released);
            _log.Limits(capacity);
            _log.ComparesBy(settings.Mac1Matcher);
            foreach (string shortfall in engine.Shortfalls)
            {
                _log.Shortfall(shortfall);
            }
        }

        // What the system refuses now may be there in a moment: an address comes before its route.
        string? TryStartForPair()
        {
            try
            {
                engine.Start();
            }
            catch (EngineException refusal)
            {
                return refusal.Message;
            }

            SayStarted();
            _systemd.Ready(_reload.Purpose);
            return null;
        }

        async Task SayAsync(Action<string> say, Action<string, string> sayOfServer, Action<string, string> sayOfPeer)
        {
            await usage.ReadAsync();
            foreach ((string name, UsageFigures figures) in new UsageNames(_servers.Servers).Peers(book.Totals).Take(MostPeersShown))
            {
                sayOfPeer(name, Summary.Of(figures));
            }

            foreach ((string name, RouteCounters counters) in (await _servers.ReadAsync(engine.ReadCountersAsync)).Take(MostServersShown))
            {
                sayOfServer(name, Summary.Of(counters));
            }

            say(await engine.ReadCountersAsync() is { } all
                ? Summary.Of(all, TimeProvider.System.GetElapsedTime(start), GC.GetTotalPauseDuration())
                : "busy");
        }
    }

    // A moment later, so that the first look-ups are part of the start too.
    private static async Task GiveStartBackAsync(CancellationToken stop)
    {
        await Task.Delay(StartLasts, TimeProvider.System, stop);
        if (OperatingSystem.IsLinux())
        {
            StartPages.GiveBack();
        }

        // What runs beside the servers ends the run when it ends.
        await Task.Delay(Timeout.InfiniteTimeSpan, stop);
    }

    // Beside what the start has to do. A worker that opened the file would wait, and its clients with it (decision 50).
    private static void MakeRoomForFiles(Capacity capacity)
    {
        if (OperatingSystem.IsLinux())
        {
            new Thread(() => HostFacts.MakeRoomForFiles((int)Math.Min(capacity.MostFiles, int.MaxValue))) { IsBackground = true, Name = "files" }.Start();
        }
    }

    private static void Observe(RelayObserver observer, Attempts attempts, RelayEvent change)
    {
        observer.Observe(change);
        attempts.Observe(change);
    }

    private IReadOnlyList<Resource> ResourcesOf(IEngine engine, RelayFacts facts, FigureReader figures)
    {
        EngineInquiry inquiry = new(engine);
        return Resources.Of(
            new StatusReader(engine, inquiry, _servers, facts, TimeProvider.System), figures, new Orders(inquiry, _servers, _reload, _log) { Pair = _pair });
    }

    // Apart, so that nothing of a fleet is loaded without one.
    private RelayFleet? Join(FleetSettings? settings)
    {
        if (settings is null || FleetFiles.Open(settings, _log.FleetFileIsWrong) is not { } store)
        {
            return null;
        }

        _log.JoinsFleet(settings);
        return new RelayFleet(settings, store, trouble => _log.FleetStoreIs(settings, trouble));
    }

    private InheritedSockets? Inherited()
    {
        // While it stands by, no client may wait at its sockets.
        if (_pair is not null)
        {
            Release(_handed.Kept);
            return null;
        }

        bool areOthers = _handed.Listening.Count > 0;
        if (areOthers && _handed.Kept.Count > 0)
        {
            Release(_handed.Kept);
        }

        return new InheritedSockets
        {
            HandedOver = _handed.Listening,
            Kept = areOthers ? [] : _handed.Kept,
            Keep = _systemd.IsThere ? _systemd.Keep : null,
            Release = Release,
        };

        void Release(IReadOnlyList<InheritedSocket> sockets)
        {
            _released = sockets.Count;
            _systemd.Release(sockets);
        }
    }

    private bool TryStart(IEngine engine, Capacity capacity)
    {
        try
        {
            engine.Start();
            return true;
        }
        catch (EngineException refusal)
        {
            _log.EngineDidNotStart(_options, refusal, capacity.Ports);
            return false;
        }
    }

    private async Task HandleHangUpsAsync(CancellationToken stop)
    {
        await foreach (bool _ in _hangUps.Reader.ReadAllAsync(stop))
        {
            await _reload.RunAsync("SIGHUP", stop);
        }
    }
}
