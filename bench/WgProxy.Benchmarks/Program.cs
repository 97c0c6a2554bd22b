using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using WgProxy.Benchmarks;

// bench/parts says where results are kept; without it, and if only some benchmarks are asked for, none is.
string? results = Environment.GetEnvironmentVariable("BENCH_RESULTS");
string revision = Environment.GetEnvironmentVariable("BENCH_REVISION") ?? "unknown";
const string name = "--name";
const string quick = "--quick";
int naming = Array.IndexOf(args, name);
if (naming >= 0 && naming + 1 == args.Length)
{
    Console.Error.WriteLine($"{name} needs a value");
    return 2;
}

string title = naming < 0 ? "parts" : args[naming + 1];
string[] rest = [.. args.Where((word, place) => word is not quick && (naming < 0 || (place != naming && place != naming + 1)))];
bool all = rest.Length == 0;

// In process: nothing is generated, restored or built at run time, so it runs wherever it was built.
Job job = args.Contains(quick, StringComparer.Ordinal)
    ? Job.ShortRun
    : new Job("Parts").WithWarmupCount(5).WithIterationCount(15);
ManualConfig config = ManualConfig.CreateEmpty()
    .AddJob(job.WithToolchain(InProcessEmitToolchain.Instance))
    .AddDiagnoser(MemoryDiagnoser.Default)
    .AddColumnProvider(DefaultColumnProviders.Instance)
    .AddColumn(StatisticColumn.OperationsPerSecond)
    .AddExporter(MarkdownExporter.GitHub)
    .AddLogger(ConsoleLogger.Default)
    .WithArtifactsPath(Path.Combine(AppContext.BaseDirectory, "results"));

Summary[] summaries = [.. BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(all ? ["--filter", "*"] : rest, config)];
if (all && results is not null)
{
    Console.WriteLine($"written: {PartsFile.Write(results, title, revision, summaries)}");
}

return summaries.Any(summary => summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success)) ? 1 : 0;
