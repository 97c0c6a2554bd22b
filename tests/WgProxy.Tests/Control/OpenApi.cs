using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using WgProxy.Control;
using WgProxy.Status;

namespace WgProxy.Tests.Control;

/// <summary>The OpenAPI document of the program as it is: from its table of resources, the metadata of its reports, and the comments of their
/// members.</summary>
internal static partial class OpenApi
{
    private static readonly NullabilityInfoContext Nullability = new();

    private static readonly Dictionary<string, XElement> Comments = XDocument.Load(Path.ChangeExtension(typeof(StatusReport).Assembly.Location, ".xml"))
        .Descendants("member").ToDictionary(member => (string)member.Attribute("name")!, StringComparer.Ordinal);

    /// <summary>Where it is kept.</summary>
    public static string File => Path.Combine(Repository.Root, "docs/openapi.json");

    /// <summary>Every resource.</summary>
    public static IReadOnlyList<Resource> All { get; } = Resources.Of(null!, null!, null!);

    /// <summary>The document's text.</summary>
    public static string Build()
    {
        SortedDictionary<string, JsonNode?> schemas = new(StringComparer.Ordinal);
        JsonObject paths = [];
        foreach (IGrouping<string, Resource> group in All.GroupBy(resource => resource.Path, StringComparer.Ordinal))
        {
            paths[group.Key] = new JsonObject(group.Select(resource =>
                KeyValuePair.Create(resource.Method.ToLowerInvariant(), (JsonNode?)Operation(resource, schemas))));
        }

        JsonObject document = new()
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject { ["title"] = "wgproxy control endpoint", ["version"] = "1", ["description"] = "See control.md." },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = new JsonObject(schemas) },
        };
        return document.ToJsonString(new JsonSerializerOptions { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n";
    }

    /// <summary>Compares a report with a schema: the same members, and values of their types.</summary>
    public static void AssertMatches(JsonElement document, JsonElement schema, JsonElement value, string at)
    {
        if (schema.TryGetProperty("$ref", out JsonElement reference))
        {
            schema = document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]);
        }

        string[] types = schema.GetProperty("type") is { ValueKind: JsonValueKind.Array } several
            ? [.. several.EnumerateArray().Select(type => type.GetString()!)]
            : [schema.GetProperty("type").GetString()!];
        Assert.Contains(TypeOf(value), value.ValueKind == JsonValueKind.Number && types.Contains("number", StringComparer.Ordinal) ? ["integer", "number"] : types);
        if (value.ValueKind == JsonValueKind.Array)
        {
            Assert.All(value.EnumerateArray(), each => AssertMatches(document, schema.GetProperty("items"), each, at + "[]"));
        }
        else if (value.ValueKind == JsonValueKind.Object && schema.TryGetProperty("additionalProperties", out JsonElement of))
        {
            Assert.All(value.EnumerateObject(), each => AssertMatches(document, of, each.Value, $"{at}.{each.Name}"));
        }
        else if (value.ValueKind == JsonValueKind.Object)
        {
            JsonElement members = schema.GetProperty("properties");
            Assert.Equal(members.EnumerateObject().Select(member => member.Name), value.EnumerateObject().Select(member => member.Name));
            Assert.All(value.EnumerateObject(), each => AssertMatches(document, members.GetProperty(each.Name), each.Value, $"{at}.{each.Name}"));
        }
    }

    private static string TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Number => value.TryGetInt64(out _) ? "integer" : "number",
        _ => value.ValueKind.ToString().ToLowerInvariant(),
    };

    private static JsonObject Operation(Resource resource, SortedDictionary<string, JsonNode?> schemas)
    {
        JsonObject operation = new() { ["summary"] = resource.Summary, ["x-audience"] = resource.Audience.ToString().ToLowerInvariant() };
        if (resource.Parameters.Count > 0)
        {
            operation["parameters"] = new JsonArray([.. resource.Parameters.Select(parameter => (JsonNode?)new JsonObject
            {
                ["name"] = parameter.Name,
                ["in"] = "query",
                ["description"] = parameter.Meaning,
                ["schema"] = new JsonObject { ["type"] = "string" },
            })]);
        }

        if (resource.Request is { } request)
        {
            operation["requestBody"] = new JsonObject { ["content"] = Content(request, schemas) };
        }

        operation["responses"] = new JsonObject
        {
            ["200"] = new JsonObject { ["description"] = "The report.", ["content"] = Content(resource.Report, schemas, resource.Kind) },
            ["default"] = new JsonObject { ["description"] = "Why it is refused; or the same report, where something is not well.", ["content"] = Content(StatusJson.Written.ErrorReport, schemas) },
        };
        return operation;
    }

    private static JsonObject Content(JsonTypeInfo? type, SortedDictionary<string, JsonNode?> schemas, string kind = "") => type is null
        ? new JsonObject { [kind] = new JsonObject() }
        : new JsonObject { ["application/json"] = new JsonObject { ["schema"] = SchemaOf(type.Type, isNullable: false, schemas) } };

    private static JsonObject SchemaOf(Type type, bool isNullable, SortedDictionary<string, JsonNode?> schemas)
    {
        Type? underlying = Nullable.GetUnderlyingType(type);
        isNullable |= underlying is not null;
        type = underlying ?? type;
        if (type == typeof(DateTimeOffset))
        {
            return new JsonObject { ["type"] = TypeNode("string", isNullable), ["format"] = "date-time" };
        }

        string? simple = type == typeof(string) ? "string"
            : type == typeof(bool) ? "boolean"
            : type == typeof(int) || type == typeof(long) ? "integer"
            : type == typeof(double) ? "number" : null;
        if (simple is not null)
        {
            return new JsonObject { ["type"] = TypeNode(simple, isNullable) };
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
        {
            return new JsonObject { ["type"] = TypeNode("array", isNullable), ["items"] = SchemaOf(type.GetGenericArguments()[0], false, schemas) };
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>))
        {
            return new JsonObject { ["type"] = TypeNode("object", isNullable), ["additionalProperties"] = SchemaOf(type.GetGenericArguments()[1], false, schemas) };
        }

        Assert.False(isNullable, $"{type} may be null");
        if (!schemas.ContainsKey(type.Name))
        {
            schemas[type.Name] = null;
            schemas[type.Name] = ObjectOf(type, schemas);
        }

        return new JsonObject { ["$ref"] = $"#/components/schemas/{type.Name}" };
    }

    private static JsonObject ObjectOf(Type type, SortedDictionary<string, JsonNode?> schemas)
    {
        JsonObject members = [];
        foreach (JsonPropertyInfo member in StatusJson.Written.GetTypeInfo(type)!.Properties)
        {
            PropertyInfo property = type.GetProperties().Single(each => string.Equals(JsonNamingPolicy.SnakeCaseLower.ConvertName(each.Name), member.Name, StringComparison.Ordinal));
            JsonObject schema = SchemaOf(member.PropertyType, Nullability.Create(property).ReadState == NullabilityState.Nullable, schemas);
            schema["description"] = CommentOf(type, property);
            members[member.Name] = schema;
        }

        return new JsonObject { ["type"] = "object", ["description"] = Words(Comments[$"T:{type.FullName}"].Element("summary")!), ["properties"] = members };
    }

    private static JsonNode TypeNode(string name, bool isNullable) => isNullable ? new JsonArray(name, "null") : JsonValue.Create(name);

    private static string CommentOf(Type type, PropertyInfo property) => Words(
        Comments.GetValueOrDefault($"P:{type.FullName}.{property.Name}")?.Element("summary")
        ?? Comments[$"T:{type.FullName}"].Elements("param").Single(parameter => string.Equals((string?)parameter.Attribute("name"), property.Name, StringComparison.Ordinal)));

    private static string Words(XElement comment) => Spaces.Replace(comment.Value, " ").Trim();

    [GeneratedRegex(@"\s+", RegexOptions.None, 1000)]
    private static partial Regex Spaces { get; }
}
