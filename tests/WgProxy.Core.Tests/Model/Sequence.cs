namespace WgProxy.Core.Tests.Model;

/// <summary>Settings and steps: everything that a comparison depends on, and what a named regression consists of.</summary>
internal sealed record Sequence(int Routes, RelaySettings Settings, IReadOnlyList<Step> Steps)
{
    public static Sequence Parse(string text)
    {
        string[] lines = [.. text.Split('\n').Select(line => line.Split('#')[0].Trim()).Where(line => line.Length > 0)];
        Dictionary<string, int> head = lines[0].Split(' ').Select(word => word.Split('='))
            .ToDictionary(pair => pair[0], pair => int.Parse(pair[1]), StringComparer.Ordinal);
        RelaySettings settings = new()
        {
            MaxMappings = head["mappings"],
            MaxAsked = head["asked"],
            MaxClaimed = head["claimed"],
            IdleTimeout = TimeSpan.FromSeconds(head["idle"]),
            Adopt = head["adopt"] != 0,
            HashSeed = ((ulong)head.GetValueOrDefault("hash"), 0),
        };
        return new Sequence(head["routes"], settings, [.. lines.Skip(1).Select(Step.Parse)]);
    }

    public override string ToString() => string.Join(
        '\n',
        Steps.Select(step => step.ToString()).Prepend(
            $"routes={Routes} mappings={Settings.MaxMappings} asked={Settings.MaxAsked} claimed={Settings.MaxClaimed} "
            + $"idle={(int)Settings.IdleTimeout.TotalSeconds} adopt={(Settings.Adopt ? 1 : 0)} hash={Settings.HashSeed.K0}"));
}
