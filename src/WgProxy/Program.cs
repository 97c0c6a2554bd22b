using System.Reflection;
using System.Text;
using WgProxy.Configuration;
using WgProxy.Hosting;
using WgProxy.Linux.Net;
using WgProxy.Logging;

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
            await Console.Out.WriteAsync(line.WantsHelp ? HelpText.Build() : $"wgproxy {Version}\n");
            return ExitCode.Done;
        }

        if (!line.IsValid(log))
        {
            return ExitCode.WrongSettings;
        }

        OptionsReader reader = new(line, Environment.GetEnvironmentVariables(), log);
        return reader.Read() is { } options ? await new RelayRun(options, reader, log).RunAsync(Version) : ExitCode.WrongSettings;
    }
}
