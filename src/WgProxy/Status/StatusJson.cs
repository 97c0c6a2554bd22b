using System.Text.Json.Serialization;

namespace WgProxy.Status;

/// <summary>How reports are written as JSON: made while compiling, so that the native form needs no reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(ServersReport))]
[JsonSerializable(typeof(PeersReport))]
[JsonSerializable(typeof(SessionsReport))]
[JsonSerializable(typeof(DropsReport))]
[JsonSerializable(typeof(HealthReport))]
[JsonSerializable(typeof(ReadyReport))]
[JsonSerializable(typeof(CausesReport))]
[JsonSerializable(typeof(ErrorReport))]
internal sealed partial class StatusJson : JsonSerializerContext;
