using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace WgProxy.Tests.FigurePages;

/// <summary>A page of figures, read as Prometheus' format is specified, and by nothing of the program.</summary>
internal sealed partial class PromText
{
    public PromText(string page)
    {
        foreach (string line in page.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                string[] words = line.Split(' ');
                Types.Add(words[2], words[3]);
            }
            else if (!line.StartsWith("# HELP ", StringComparison.Ordinal))
            {
                Match match = Sample().Match(line);
                Assert.True(match.Success, line);
                Series.Add(
                    (match.Groups["name"].Value, match.Groups["labels"].Value),
                    double.Parse(match.Groups["value"].Value, CultureInfo.InvariantCulture));
            }
        }
    }

    /// <summary>The types by family.</summary>
    public Dictionary<string, string> Types { get; } = new(StringComparer.Ordinal);

    /// <summary>The values by name and labels, as they are written: a series that comes twice is an error.</summary>
    public Dictionary<(string Name, string Labels), double> Series { get; } = [];

    /// <summary>The value of one series.</summary>
    public double this[string name, string labels = ""] => Series[(name, labels)];

    /// <summary>All series of a name.</summary>
    public IEnumerable<(Dictionary<string, string> Labels, double Value)> Of(string name) =>
        Series.Where(series => series.Key.Name.Equals(name, StringComparison.Ordinal)).Select(series => (LabelsOf(series.Key.Labels), series.Value));

    private static Dictionary<string, string> LabelsOf(string labels) =>
        Label().Matches(labels).ToDictionary(label => label.Groups["key"].Value, label => Unescape(label.Groups["value"].Value), StringComparer.Ordinal);

    private static string Unescape(string value)
    {
        StringBuilder text = new();
        for (int i = 0; i < value.Length; i++)
        {
            _ = text.Append(value[i] != '\\' ? value[i] : value[++i] == 'n' ? '\n' : value[i]);
        }

        return text.ToString();
    }

    [GeneratedRegex("""^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>([a-z_]+="([^"\\\n]|\\["\\n])*",?)+)\})? (?<value>[^ ]+)$""", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Sample();

    [GeneratedRegex("""(?<key>[a-z_]+)="(?<value>([^"\\]|\\.)*)"(,|$)""", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Label();
}
