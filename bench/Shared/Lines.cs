using System.Text.Json;
using System.Text.Json.Serialization;

namespace WgProxy.Bench;

/// <summary>One JSON object per line: how the processes of a measurement tell each other what they saw.</summary>
internal static class Lines
{
    private static readonly JsonSerializerOptions Style = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>A value as one line.</summary>
    public static string Write<T>(T value) => JsonSerializer.Serialize(value, Style);

    /// <summary>A line as a value.</summary>
    public static T Read<T>(string line) =>
        JsonSerializer.Deserialize<T>(line, Style) ?? throw new JsonException("expected an object, got null");
}
