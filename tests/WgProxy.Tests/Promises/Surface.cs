using System.Text.Json;
using WgProxy.Configuration;
using WgProxy.Figures;

namespace WgProxy.Tests.Promises;

/// <summary>What docs/versioning.md promises to keep, a line for each thing, as the program has it.</summary>
internal static class Surface
{
    /// <summary>Options, variables and keys of a file.</summary>
    public static IEnumerable<string> Settings() =>
    [
        .. OptionTable.Rows.Select(row => $"option {row.Flag} {row.Variable}"),
        .. FileKeys.Relay.Select(key => $"key [Relay] {Written(key)}"),
        .. FileKeys.Server.Select(key => $"key [Server] {Written(key)}"),
        .. FileKeys.Peer.Select(key => $"key [Peer] {Written(key)}"),
        .. FileKeys.Fleet.Select(key => $"key [Fleet] {Written(key)}"),
    ];

    /// <summary>Commands, what may stand behind them, and their flags.</summary>
    public static IEnumerable<string> Commands() => VerbSyntax.All.Where(verb => verb.Name.Length > 0).SelectMany(verb => (string[])
    [
        verb.Name,
        .. verb.Words.SelectMany(word => word.Trim('[', ']').Split('|').Select(each => $"{verb.Name} {each}")),
        .. verb.Flags.Select(flag => $"{verb.Name} {flag.Form}"),
    ]);

    /// <summary>Series: name, type and labels.</summary>
    public static IEnumerable<string> Metrics() =>
        FigureTable.All.Select(figure => $"{figure.PrometheusName} {figure.PrometheusType} {{{figure.Labels}}}");

    /// <summary>Paths with their answers, and each member of these with its type.</summary>
    public static IEnumerable<string> Json()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "docs/openapi.json")));
        List<string> lines = [];
        foreach (JsonProperty path in document.RootElement.GetProperty("paths").EnumerateObject())
        {
            foreach (JsonProperty method in path.Value.EnumerateObject().Where(each => each.Value.ValueKind is JsonValueKind.Object))
            {
                lines.Add($"{method.Name.ToUpperInvariant()} {path.Name}");
                Walk(method.Value, $"{method.Name.ToUpperInvariant()} {path.Name}", lines);
            }
        }

        foreach (JsonProperty schema in document.RootElement.GetProperty("components").GetProperty("schemas").EnumerateObject())
        {
            Walk(schema.Value, schema.Name, lines);
        }

        return lines.Distinct(StringComparer.Ordinal);
    }

    // A list may be repeated in the file: whether it may is a promise too.
    private static string Written(FileKey key) => key.IsList ? $"{key.Name} ..." : key.Name;

    // Every type, reference, parameter and value of an enumeration, with the way to it. Words for people are no promise.
    private static void Walk(JsonElement element, string way, List<string> lines)
    {
        if (element.ValueKind is JsonValueKind.Array)
        {
            foreach (JsonElement each in element.EnumerateArray().Where(each => each.ValueKind is JsonValueKind.Object))
            {
                Walk(each, each.TryGetProperty("name", out JsonElement name) ? $"{way} {name.GetString()}" : way, lines);
            }
        }
        else if (element.ValueKind is JsonValueKind.Object)
        {
            foreach (JsonProperty member in element.EnumerateObject())
            {
                switch (member.Name)
                {
                    case "type" when member.Value.ValueKind is JsonValueKind.Array:
                        lines.Add($"{way}: {string.Join('|', member.Value.EnumerateArray().Select(type => type.GetString()))}");
                        break;
                    case "type" or "$ref" or "format" when member.Value.ValueKind is JsonValueKind.String:
                        lines.Add($"{way}: {member.Value.GetString()!.Replace("#/components/schemas/", "", StringComparison.Ordinal)}");
                        break;
                    case "enum":
                        lines.AddRange(member.Value.EnumerateArray().Select(value => $"{way} = {value}"));
                        break;
                    case "properties":
                        foreach (JsonProperty property in member.Value.EnumerateObject())
                        {
                            Walk(property.Value, $"{way}.{property.Name}", lines);
                        }

                        break;
                    case "responses" or "content":
                        foreach (JsonProperty answer in member.Value.EnumerateObject())
                        {
                            Walk(answer.Value, $"{way} {answer.Name}", lines);
                        }

                        break;
                    default:
                        Walk(member.Value, way, lines);
                        break;
                }
            }
        }
    }
}
