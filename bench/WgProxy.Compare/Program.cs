using System.Runtime.InteropServices;
using WgProxy.Compare;

// Run by bench/compare, which builds what is measured and says where it lies.
string relayBinary = Environment.GetEnvironmentVariable("BENCH_RELAY") ?? "wgproxy";
string loadBinary = Environment.GetEnvironmentVariable("BENCH_LOAD") ?? "wgproxy-load";
string results = Environment.GetEnvironmentVariable("BENCH_RESULTS") ?? "results";
string revision = Environment.GetEnvironmentVariable("BENCH_REVISION") ?? "unknown";

CompareOptions options;
try
{
    options = CompareOptions.Parse(args);
}
catch (FormatException mistake)
{
    Console.Error.WriteLine(mistake.Message);
    return 2;
}

if (options.List)
{
    foreach (Scenario scenario in Scenario.All)
    {
        Console.WriteLine($"{scenario.Name,-10} {scenario.Title}");
    }

    return 0;
}

List<Scenario> scenarios = [.. Scenario.All.Where(scenario =>
    options.Scenarios.Count == 0
        ? scenario.HearsLinks || !(options.Wire || options.Coalesce)
        : options.Scenarios.Contains(scenario.Name, StringComparer.Ordinal))];
string folder = Directory.CreateTempSubdirectory("wgbench").FullName;
using Rig rig = new(options);
try
{
    Lineup lineup = new(rig, relayBinary, folder);
    Comparison comparison = new(rig, lineup.Build(), loadBinary, lineup.Key);
    using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        comparison.Stopping = true;
    }

    comparison.Run(scenarios);
    Console.WriteLine($"\n{ResultFile.Tables(comparison.Outcomes, options)}");
    if (options.WritesFile && !comparison.Stopping)
    {
        Console.WriteLine($"written: {ResultFile.Write(results, options, revision, comparison.Outcomes)}");
    }

    return comparison.Outcomes.Exists(outcome => outcome.Failure is not null) ? 1 : 0;
}
catch (InvalidOperationException trouble)
{
    // Caught, because what is not caught ends the process before the namespaces are taken down.
    Console.Error.WriteLine(trouble.Message);
    return 3;
}
finally
{
    Directory.Delete(folder, recursive: true);
}
