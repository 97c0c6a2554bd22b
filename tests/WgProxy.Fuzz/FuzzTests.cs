using WgProxy.Core.Engine.Batching;
using WgProxy.Fuzz.Fuzzing;

namespace WgProxy.Fuzz;

/// <summary>Fuzzing itself: from the corpus, by a seed that is printed. For seconds, and with <c>./test --long</c> for ten
/// minutes for each target, or WGPROXY_FUZZ_SECONDS; WGPROXY_FUZZ_TARGET names one of them.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    public static TheoryData<string> Targets => Environment.GetEnvironmentVariable("WGPROXY_FUZZ_TARGET") is string one ? [one] : AllTargets.Names;

    [Theory]
    [MemberData(nameof(Targets))]
    public void Nothing_is_found(string name)
    {
        Target target = AllTargets.Named(name);
        bool isLong = Environment.GetEnvironmentVariable("WGPROXY_LONG") is "1";
        TimeSpan time = TimeSpan.FromSeconds(double.Parse(Environment.GetEnvironmentVariable("WGPROXY_FUZZ_SECONDS") ?? "600"));
        int seed = Environment.GetEnvironmentVariable("WGPROXY_SEED") is string given ? int.Parse(given) : Environment.TickCount & 0xFFFFFF;
        IReadOnlyList<(byte[] Input, string Name)> corpus = CorpusFile.Of(target);

        // What runs is written down first: an over-read ends the process.
        using RunningInput running = new(name);
        Fuzzer fuzzer = new(target, seed) { Trying = running.Set };
        Assert.Null(fuzzer.Load(corpus.Select(each => each.Input))?.Reason);
        int known = fuzzer.Seen;
        Failure? failure = isLong ? fuzzer.Run(long.MaxValue, time) : fuzzer.Run(target.Short, TimeSpan.MaxValue);
        output.WriteLine($"{name}: seed {seed}, {fuzzer.Executions} inputs tried, {known} things known, {fuzzer.Seen - known} new");
        if (failure is not null)
        {
            string hex = CorpusFile.Format([(failure.Input, "found")]);
            string path = CorpusFile.Leave($"{name}.found", hex);
            Assert.Fail($"seed {seed}: {failure.Reason}\n{target.Describe(failure.Input)}\n{RunningInput.HowToReplay(name, path)}");
        }

        if (isLong)
        {
            IEnumerable<byte[]> all = fuzzer.Kept.Concat(corpus.Where(each => each.Name.Length > 0).Select(each => each.Input));
            Dictionary<string, string> names = corpus.Where(each => each.Name.Length > 0).ToDictionary(each => Convert.ToHexString(each.Input), each => each.Name);
            IEnumerable<byte[]> distilled = fuzzer.Distil(all).Concat(corpus.Where(each => each.Name.Length > 0).Select(each => each.Input))
                .DistinctBy(Convert.ToHexString);
            string path = CorpusFile.Leave(
                $"{name}.txt",
                CorpusFile.Format(distilled.Select(input => (input, names.GetValueOrDefault(Convert.ToHexString(input), "")))));
            output.WriteLine($"measured: {name}: {fuzzer.Executions} inputs, {fuzzer.Seen - known} new things; a corpus with them: {path}");
        }
    }
}
