using System.Reflection;
using System.Text;
using WgProxy.Configuration;
using WgProxy.Core.Engine;
using WgProxy.Core.Routes;
using WgProxy.Hosting;
using WgProxy.Linux.Net;
using WgProxy.Logging;
using WgProxy.Resolving;
using WgProxy.State;

namespace WgProxy;

/// <summary>Options, engine, run, exit code.</summary>
internal static class Program
{
    private const int Done = 0;
    private const int WrongSettings = 2;
    private const int SystemRefused = 3;

    private static readonly string Version =
        typeof(Program).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    private static async Task<int> Main(string[] arguments)
    {
        StandardStreams.OpenClosed();
        bool forJournal = OperatingSystem.IsLinux() && HostFacts.IsStandardError(Environment.GetEnvironmentVariable("JOURNAL_STREAM"));
        await using StreamWriter output = new(StandardStreams.OpenError(), new UTF8Encoding(false));
        await using Log log = new(output, forJournal, TimeProvider.System);
        CommandLine line = new(arguments);
        if (line.WantsHelp || line.WantsVersion)
        {
            await Console.Out.WriteAsync(line.WantsHelp ? HelpText.Build() : $"wgproxy {Version}\n");
            return Done;
        }

        Options? options = line.IsValid(log) ? Options.Read(line, Environment.GetEnvironmentVariables(), log) : null;
        return options is null ? WrongSettings : await RunAsync(options, log);
    }

    private static async Task<int> RunAsync(Options options, Log log)
    {
        Capacity capacity = Capacity.OfThisHost(options.Listen.Port, options.MaxMappings);
        Route route = new(options.Key);
        string? directory = RelayState.DirectoryOf(options.StateDirectory, Environment.GetEnvironmentVariable("STATE_DIRECTORY"));
        await using RelayState? state = RelayState.Open(directory, log, out bool isTaken);
        if (isTaken)
        {
            return SystemRefused;
        }

        EngineSettings settings = options.ForEngine(route, capacity);
        settings = state?.Equip(settings) ?? settings;
        RouteResolver? resolver = null;
        RelayObserver observer = new(log, settings.Relay, () => Volatile.Read(ref resolver)?.ResolveSoon());
        using IEngine engine = EngineChoice.Create(options, settings with { Observe = observer.Observe });
        log.BeginQueue();
        try
        {
            engine.Start();
        }
        catch (EngineException refusal)
        {
            if (refusal.Cause == EngineRefusal.System)
            {
                log.EngineRefused(options.Engine.ToString().ToLowerInvariant(), refusal.Message);
            }
            else
            {
                log.ListenRefused(options.Listen, refusal, capacity.Ports);
            }

            return SystemRefused;
        }

        state?.Restore(engine);

        // Before the first line: its reader may send a signal at once.
        long start = TimeProvider.System.GetTimestamp();
        OwnAddresses own = new(engine.Listening, OwnAddresses.OfThisHost);
        Volatile.Write(ref resolver, new RouteResolver(
            route,
            options.Server,
            own,
            HostLookup.AskAsync,
            TimeProvider.System,
            () => engine.Post(EngineCommand.RouteChanged(settings.Routes.IdOf(route))),
            log));
        using Signals signals = new(() => _ = SayStatusAsync(), HangUp);
        log.Started(Version, engine.Listening, options.Server, options.Key);
        log.Limits(capacity);
        foreach (string shortfall in engine.Shortfalls)
        {
            log.Shortfall(shortfall);
        }

        Trouble trouble = new(options.Server, engine.ReadCountersAsync, TimeProvider.System, log);
        bool stopped = await signals.RunUntilStopAsync(stop => Task.WhenAny(resolver.RunAsync(stop), trouble.RunAsync(stop)).Unwrap());
        engine.Stop();
        log.Stopped(Summarise(await engine.ReadCountersAsync()));
        return stopped ? Done : WrongSettings;

        void HangUp()
        {
            log.HungUp(options.Server);
            resolver.ResolveNow();
        }

        async Task SayStatusAsync() => log.Status(Summarise(await engine.ReadCountersAsync()));

        string Summarise(CountersSnapshot? counters) => counters is null
            ? "busy"
            : Summary.Of(counters, TimeProvider.System.GetElapsedTime(start), GC.GetTotalPauseDuration());
    }
}
