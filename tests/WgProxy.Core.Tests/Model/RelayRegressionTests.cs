using System.Reflection;

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
}
