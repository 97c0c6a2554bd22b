using System.Globalization;

namespace WgProxy.Compare;

/// <summary>What to compare, how often, over which links.</summary>
internal sealed record CompareOptions
{
    public const string Usage = """
        usage: bench/compare [options]      (as root; see bench/ENVIRONMENT.md)
          --rounds N           rounds, each of which visits every relay (5)
          --seconds S          seconds measured per visit, after a warm-up (2)
          --warm-up S          seconds before measuring begins (0.6)
          --scenarios A,B      only these; --list shows all (all; with --wire or --coalesce those to which links matter)
          --others CORES       a visit during which others used more than this is repeated, once (0.1)
          --relays A,B         only these of: direct,nat,nginx,socat,portable,linux and the variants
          --variant NAME:K=V,K=V   one more wgproxy, with these variables; BINARY=PATH for another build; repeatable
          --wire               cut segmented sends before every link, as with a NIC without UDP segmentation
          --coalesce           GRO at every receiving end of a link, as most NICs have
          --sink gro|plain|both    whether the sink receives with UDP_GRO (gro; with --wire: both)
          --name NAME          of the result file: bench/results/DATE-NAME.md (compare, or compare-wire)
          --no-file            print only
          --list               list scenarios and stop
        """;

    public int Rounds { get; private set; } = 5;

    public double Seconds { get; private set; } = 2;

    public double WarmUp { get; private set; } = 0.6;

    /// <summary>Cores that others may use during a visit.</summary>
    public double MostOthers { get; private set; } = 0.1;

    public IReadOnlyList<string> Scenarios { get; private set; } = [];

    public IReadOnlyList<string> Relays { get; private set; } = [];

    public IReadOnlyList<string> Variants { get; private set; } = [];

    public bool Wire { get; private set; }

    public bool Coalesce { get; private set; }

    public bool List { get; private set; }

    public bool WritesFile { get; private set; } = true;

    /// <summary>Whether the sink uses UDP_GRO: once each way it is to be measured.</summary>
    public IReadOnlyList<bool> SinkGro { get; private set; } = [];

    public string Name { get; private set; } = "";

    /// <summary>The links, in words for the results.</summary>
    public string Links => (Wire ? "segments cut in software" : "super-packets pass") + (Coalesce ? ", GRO on receipt" : "");

    /// <exception cref="FormatException">An option is unknown or has no value.</exception>
    public static CompareOptions Parse(string[] words)
    {
        CompareOptions options = new();
        Queue<string> rest = new(words);
        while (rest.TryDequeue(out string? word))
        {
            options.Take(word, rest);
        }

        if (options.SinkGro.Count == 0)
        {
            options.SinkGro = options.Wire ? [true, false] : [true];
        }

        if (options.Name.Length == 0)
        {
            options.Name = "compare" + (options.Wire ? "-wire" : "") + (options.Coalesce ? "-coalesce" : "");
        }

        return options;
    }

    private void Take(string word, Queue<string> rest)
    {
        switch (word)
        {
            case "--rounds": Rounds = int.Parse(Value(word, rest), CultureInfo.InvariantCulture); break;
            case "--seconds": Seconds = double.Parse(Value(word, rest), CultureInfo.InvariantCulture); break;
            case "--warm-up": WarmUp = double.Parse(Value(word, rest), CultureInfo.InvariantCulture); break;
            case "--others": MostOthers = double.Parse(Value(word, rest), CultureInfo.InvariantCulture); break;
            case "--scenarios": Scenarios = Value(word, rest).Split(','); break;
            case "--relays": Relays = Value(word, rest).Split(','); break;
            case "--variant": Variants = [.. Variants, Value(word, rest)]; break;
            case "--sink": SinkGro = ParseSink(Value(word, rest)); break;
            case "--name": Name = Value(word, rest); break;
            case "--wire": Wire = true; break;
            case "--coalesce": Coalesce = true; break;
            case "--no-file": WritesFile = false; break;
            case "--list": List = true; break;
            default: throw new FormatException($"unknown option {word}\n{Usage}");
        }
    }

    private static string Value(string word, Queue<string> rest) =>
        rest.TryDequeue(out string? value) ? value : throw new FormatException($"{word} needs a value\n{Usage}");

    private static IReadOnlyList<bool> ParseSink(string text) => text switch
    {
        "gro" => [true],
        "plain" => [false],
        "both" => [true, false],
        _ => throw new FormatException($"--sink: expected gro, plain or both, got {text}"),
    };
}
