using System.Reflection;
using WgProxy.Core.Engine.Batching;

namespace WgProxy.Core.Tests.Model;

/// <summary>Sequences on which relay and model once disagreed, each in a file that says what it is about. A sequence that
/// a failing run prints becomes one as it is.</summary>
public sealed class RelayRegressionTests
{
    private const string Folder = "Regressions/";

    public static TheoryData<string> Names => [.. Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Where(name => name.StartsWith(Folder, StringComparison.Ordinal)).Select(name => name[Folder.Length..])];

    [Theory]
    [MemberData(nameof(Names))]
    public void Relay_and_model_agree(string name)
    {
        using Stream file = Assembly.GetExecutingAssembly().GetManifestResourceStream(Folder + name)!;
        using StreamReader reader = new(file);
        Sequence sequence = Sequence.Parse(reader.ReadToEnd());
        (int step, string reason) = Lockstep.Run(sequence) ?? (0, "");
        Assert.True(reason.Length == 0, $"after step {step + 1}: {reason}");
        Assert.Equal(sequence.ToString(), Sequence.Parse(sequence.ToString()).ToString());
    }

    /// <summary>Limits that the small tables of random sequences cannot reach: 64 on probation at once, 16 more each second,
    /// 256 in all.</summary>
    [Fact]
    public void Relay_and_model_agree_on_the_ration_of_probation()
    {
        Sequence head = Sequence.Parse("routes=1 mappings=700 asked=3 claimed=600 idle=300 adopt=1");
        Step[] steps = [.. Enumerable.Range(0, 15).SelectMany(second => Enumerable.Range(0, second == 0 ? 66 : 18)
            .Select(i => Step.Client((second * 40) + i, Message.Data(0x99)))
            .Append(Step.Wait(1_000)))];
        Assert.Null(Lockstep.Run(head with { Steps = steps }));

        Lockstep both = new(head);
        Assert.All(steps, step => Assert.Null(both.Do(step)));
        Assert.Equal(256, both.Counters[Proof.Claimed]);
    }
}
