using WgProxy.Core.Engine.Batching;
using WgProxy.Fuzz.Fuzzing;

namespace WgProxy.Fuzz;

/// <summary>What fuzzing has found so far is tried again by every run of the tests.</summary>
public sealed class CorpusTests
{
    private const int LongestInput = 2_048;
    private const long Largest = 200_000;

    public static TheoryData<string> Targets => AllTargets.Names;

    /// <summary>Inputs that once found something, each by what it found.</summary>
    public static TheoryData<string, string> Findings
    {
        get
        {
            TheoryData<string, string> findings = [];
            foreach (string target in AllTargets.Names.Select(row => row.Data))
            {
                findings.AddRange([.. CorpusFile.Of(AllTargets.Named(target)).Where(each => each.Name.Length > 0).Select(each => (target, each.Name))]);
            }

            return findings;
        }
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void What_is_kept_holds(string name)
    {
        Target target = AllTargets.Named(name);
        IReadOnlyList<(byte[] Input, string Name)> kept = CorpusFile.Of(target);
        Assert.NotEmpty(kept);
        Failure? failure = new Fuzzer(target, seed: 1).Load(kept.Select(each => each.Input));
        Assert.True(failure is null, failure is null ? "" : $"{failure.Reason}\n{target.Describe(failure.Input)}");
    }

    [Theory]
    [MemberData(nameof(Findings))]
    public void What_was_found_stays_mended(string target, string finding)
    {
        Target tried = AllTargets.Named(target);
        Assert.Null(tried.Run(CorpusFile.Of(tried).Single(each => string.Equals(each.Name, finding, StringComparison.Ordinal)).Input, new Signal()));
    }

    [Fact]
    public void The_corpus_is_small_and_says_nothing_twice()
    {
        long size = 0;
        foreach (Target target in AllTargets.Names.Select(row => AllTargets.Named(row.Data)))
        {
            IReadOnlyList<(byte[] Input, string Name)> kept = CorpusFile.Of(target);
            Assert.All(kept, each => Assert.InRange(each.Input.Length, 0, Math.Min(LongestInput, target.Longest)));
            Assert.Equal(kept.Count, kept.Select(each => Convert.ToHexString(each.Input)).Distinct().Count());
            size += CorpusFile.Format(kept).Length;
        }

        Assert.InRange(size, 1, Largest);
    }
}
