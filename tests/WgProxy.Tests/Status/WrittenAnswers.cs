using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using WgProxy.Hosting;

namespace WgProxy.Tests.Status;

/// <summary>Reads answers that are written as bytes.</summary>
internal static class WrittenAnswers
{
    /// <summary>An answer as text.</summary>
    public static string Text(this AnswerBytes bytes) => Encoding.UTF8.GetString([.. bytes.Parts.SelectMany(part => part.ToArray())]);

    /// <summary>An answer as the report that it is. A member that is missing, or that the report has not, throws.</summary>
    public static async Task<T> AsAsync<T>(this Task<AnswerBytes?> answer, JsonTypeInfo<T> type)
    {
        using AnswerBytes? bytes = await answer;
        return JsonSerializer.Deserialize(bytes!.Text(), type)!;
    }
}
