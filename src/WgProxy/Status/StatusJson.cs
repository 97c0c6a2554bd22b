using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace WgProxy.Status;

/// <summary>How reports are written as JSON, and requests read: made while compiling, so that the native form needs no reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(ServersReport))]
[JsonSerializable(typeof(PeersReport))]
[JsonSerializable(typeof(SessionsReport))]
[JsonSerializable(typeof(DropsReport))]
[JsonSerializable(typeof(HistoryReport))]
[JsonSerializable(typeof(FleetReport))]
[JsonSerializable(typeof(HealthReport))]
[JsonSerializable(typeof(ReadyReport))]
[JsonSerializable(typeof(CausesReport))]
[JsonSerializable(typeof(UsageReport))]
[JsonSerializable(typeof(LogReport))]
[JsonSerializable(typeof(ErrorReport))]
[JsonSerializable(typeof(ReloadReport))]
[JsonSerializable(typeof(DropRequest))]
[JsonSerializable(typeof(DroppedReport))]
[JsonSerializable(typeof(LogLevelReport))]
[JsonSerializable(typeof(TakeoverRequest))]
[JsonSerializable(typeof(TakeoverReport))]
internal sealed partial class StatusJson : JsonSerializerContext
{
    /// <summary>How text is written. Keys keep their plus signs. A browser does not take an answer for HTML: its type says what it is, and forbids to
    /// guess.</summary>
    public static JavaScriptEncoder Encoder => JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    /// <summary>The form of everything that is written and read.</summary>
    public static StatusJson Written { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Encoder = Encoder,
    });
}
