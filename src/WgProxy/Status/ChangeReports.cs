using System.Text.Json.Serialization;

namespace WgProxy.Status;

/// <summary>What came of a reload.</summary>
/// <param name="TakenOver">Whether the configuration file is taken over; false also where there is none, and names were only resolved
/// again.</param>
/// <param name="Added">Servers that are new.</param>
/// <param name="Removed">Servers that are no more.</param>
/// <param name="Changed">Servers that are otherwise than before.</param>
/// <param name="Messages">Errors and warnings, as they stand in the log.</param>
internal sealed record ReloadReport(
    bool TakenOver, IReadOnlyList<string> Added, IReadOnlyList<string> Removed, IReadOnlyList<string> Changed, IReadOnlyList<string> Messages);

/// <summary>What came of a drop.</summary>
/// <param name="Mappings">Mappings that were ended.</param>
/// <param name="Denied">Whether the client is denied until the relay is restarted.</param>
internal sealed record DroppedReport(int Mappings, bool Denied);

/// <summary>The log level.</summary>
/// <param name="Level">From 0 (errors) to 3 (everything).</param>
internal sealed record LogLevelReport([property: JsonRequired] int Level);

/// <summary>Whose mappings are to end.</summary>
/// <param name="Client">An address, with a port or without.</param>
/// <param name="Peer">Or a name.</param>
/// <param name="Server">The server of that name; null for all servers.</param>
/// <param name="Deny">Whether the client is denied until the relay is restarted.</param>
internal sealed record DropRequest(string? Client = null, string? Peer = null, string? Server = null, bool Deny = false);
