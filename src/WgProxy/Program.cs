using System.Collections;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using WgProxy.Commands;
using WgProxy.Configuration;
using WgProxy.Control;
using WgProxy.Hosting;
using WgProxy.Linux.Net;
using WgProxy.Logging;
using WgProxy.Resolving;
using WgProxy.Showing;

namespace WgProxy;

/// <summary>Command line, settings, run, exit code.</summary>
internal static class Program
{
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
            await Console.Out.WriteAsync(line.WantsHelp ? HelpText.Build(line.Syntax) : $"wgproxy {Version}\n");
            return ExitCode.Done;
        }

        if (!line.IsValid(log))
        {
            return ExitCode.WrongSettings;
        }

        IDictionary environment = Environment.GetEnvironmentVariables();
        OptionsReader reader = new(line, environment, log);
        switch (line.Verb)
        {
            case Verb.Check when line.AsksIfConfigured:
                return reader.NamesServer() ? ExitCode.Done : ExitCode.ProblemsFound;
            case Verb.Check:
                return await new CheckCommand(reader, HostLookup.AskAsync, OwnAddresses.OfThisHostLately(TimeProvider.System)).RunAsync(Console.Out);
            case Verb.Doctor:
                reader.MayLackServers = true;
                return await new DoctorCommand(reader, HostLookup.AskAsync, OwnAddresses.OfThisHostLately(TimeProvider.System)).RunAsync(line.WantsJson, Console.Out);
            case Verb.Import:
                return new ImportCommand(line, environment, log).Run(Console.OpenStandardInput(), Console.Out, Console.Error);
            case Verb.Show or Verb.Top or Verb.Why or Verb.Health or Verb.Reload or Verb.Drop or Verb.Set or Verb.Takeover:
                return await AskRelayAsync(line, reader, arguments);
        }

        using Systemd systemd = new(environment);
        HandedSockets handed = HandedSockets.Take(environment);
        return reader.Read() is { } options && log.IsAgreed(options, handed)
            ? await RelayAsync(options, reader, log, systemd, handed)
            : ExitCode.WrongSettings;
    }

    // A relay of a pair that has lost their address begins anew, and stands by.
    private static async Task<int> RelayAsync(Options options, OptionsReader reader, Log log, Systemd systemd, HandedSockets handed)
    {
        while (true)
        {
            RelayRun run = new(options, reader, log, systemd, handed);
            int code = await run.RunAsync(Version);
            if (!run.HasGivenBack)
            {
                return code;
            }

            (options, handed) = (run.Options, HandedSockets.None);
        }
    }

    private static async Task<int> AskRelayAsync(CommandLine line, OptionsReader reader, string[] arguments)
    {
        using CancellationTokenSource stop = new();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
        {
            context.Cancel = true;
            stop.Cancel();
        });
        string? path = ControlEndpoint.PathForClients(reader.ReadQuietly().Control);
        if (path is null)
        {
            await Console.Error.WriteAsync("wgproxy: the setting Control is off, so that no relay can be asked\n");
            return ExitCode.WrongSettings;
        }

        RelaySocket relay = new(path, string.Join(' ', ["wgproxy", .. arguments.Select(ShellWord)]));
        bool isTerminal = !Console.IsOutputRedirected;
        return line.Verb switch
        {
            Verb.Show => await new ShowCommand(relay, line.Question, reader.ReadQuietly).RunAsync(Console.Out, Console.Error, isTerminal, stop.Token),
            Verb.Top => await new TopCommand(relay, TimeProvider.System).RunAsync(
                Console.Out, Console.Error, isTerminal ? static () => (Console.WindowWidth, Console.WindowHeight) : null, stop.Token),
            Verb.Health => await new HealthCommand(relay, line.Has(VerbSyntax.Ready), line.WantsJson).RunAsync(Console.Out, Console.Error, stop.Token),
            Verb.Reload => await new ReloadCommand(relay, line.WantsJson).RunAsync(Console.Out, Console.Error, stop.Token),
            Verb.Drop => await new DropCommand(relay, line).RunAsync(Console.Out, Console.Error, stop.Token),
            Verb.Set => await new SetCommand(relay, line).RunAsync(Console.Out, Console.Error, stop.Token),
            Verb.Takeover => await new TakeoverCommand(relay, line.Word, line.WantsJson).RunAsync(Console.Out, Console.Error, stop.Token),
            _ => await new WhyCommand(relay, line.Word, line.WantsJson).RunAsync(Console.Out, Console.Error, stop.Token),
        };
    }
    // A line that is typed again must mean the same.
    private static string ShellWord(string word) =>
        word.Length > 0 && word.All(letter => char.IsAsciiLetterOrDigit(letter) || "-_./:[]|@%+=,".Contains(letter, StringComparison.Ordinal))
            ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
