using WgProxy.Core.Engine.Batching;
using WgProxy.Fuzz.Fuzzing;

namespace WgProxy.Fuzz;

/// <summary>For whoever has a file of inputs: <see cref="RunningInput.HowToReplay"/>.</summary>
public sealed class ReplayTests(ITestOutputHelper output)
{
    [Fact(Explicit = true)]
    public void Every_input_of_the_file_holds()
    {
        string name = Environment.GetEnvironmentVariable("WGPROXY_FUZZ_TARGET") ?? throw new InvalidOperationException("WGPROXY_FUZZ_TARGET is not set.");
        string path = Environment.GetEnvironmentVariable("WGPROXY_FUZZ_INPUT") ?? throw new InvalidOperationException("WGPROXY_FUZZ_INPUT is not set.");
        path = Path.Combine(CorpusFile.Found, path);
        Target target = AllTargets.Named(name);

        // Either lines of text, or what a process that ended left of its last input.
        IEnumerable<byte[]> inputs = path.EndsWith(".running", StringComparison.Ordinal)
            ? [RunningInput.Left(name)]
            : CorpusFile.Parse(File.ReadAllText(path)).Select(each => each.Input);
        foreach (byte[] input in inputs)
        {
            output.WriteLine($"{Convert.ToHexString(input)}\n{target.Describe(input)}");
            Assert.Null(target.Run(input, new Signal()));
        }
    }
}
