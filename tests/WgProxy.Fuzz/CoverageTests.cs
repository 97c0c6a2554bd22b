using WgProxy.Core.Engine.Batching;
using WgProxy.Fuzz.Afl;
using WgProxy.Fuzz.Fuzzing;

namespace WgProxy.Fuzz;

/// <summary>The same targets, guided by the coverage of branches: what nothing shows is noticed too. With <c>./test --long</c> only,
/// as long as the other fuzzing: ten minutes for each target, or WGPROXY_FUZZ_SECONDS.</summary>
public sealed class CoverageTests(ITestOutputHelper output)
{
    public static TheoryData<string> Targets => FuzzTests.Targets;

    [Theory]
    [MemberData(nameof(Targets))]
    public void Nothing_is_found_by_coverage(string name)
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("WGPROXY_LONG") is "1", "takes ten minutes for each target: ./test --long");
        Assert.SkipWhen(AflRun.WhyNot is not null, AflRun.WhyNot ?? "");
        Target target = AllTargets.Named(name);
        AflRun run = new(target);
        run.Run(TimeSpan.FromSeconds(double.Parse(Environment.GetEnvironmentVariable("WGPROXY_FUZZ_SECONDS") ?? "600")));
        string path = CorpusFile.Leave($"{name}.coverage.txt", CorpusFile.Format(run.Reached.Select(input => (input, ""))));
        byte[][] failing = [.. run.Crashes.Where(input => Fails(target, input))];
        output.WriteLine($"measured: {name}: {run.Stats["execs_done"]} inputs in {run.Stats["run_time"]} s, {run.Stats["edges_found"]} branches,"
            + $" {run.Reached.Count} inputs that reached new ones, {run.Crashes.Count} that ended a process and {failing.Length} that fail again: {path}");
        if (failing.Length > 0)
        {
            string found = CorpusFile.Leave($"{name}.found", CorpusFile.Format(failing.Select(input => (input, "found"))));
            Assert.Fail(RunningInput.HowToReplay(name, found));
        }
    }

    /// <summary>Whether the input fails again, without AFL++ and on the build as it is: AFL++ also counts what ended its process
    /// for reasons of its own.</summary>
    private static bool Fails(Target target, byte[] input)
    {
        // Written down first: an over-read ends this process too.
        using RunningInput running = new(target.Name);
        running.Set(input);
        try
        {
            return target.Run(input, new Signal()) is not null;
        }
        catch (Exception thrown) when (thrown is not OutOfMemoryException)
        {
            return true;
        }
    }
}
