namespace WgProxy.Status;

/// <summary>Why clients have no tunnel.</summary>
/// <param name="Now">The instant of the answer.</param>
/// <param name="IsWell">Whether nothing is amiss.</param>
/// <param name="Causes">The widest first; never empty.</param>
internal sealed record CausesReport(DateTimeOffset Now, bool IsWell, IReadOnlyList<CauseReport> Causes);

/// <summary>One cause.</summary>
/// <param name="Kind">Which, such as server_silent.</param>
/// <param name="Client">The client's address and port; null if it concerns no single one.</param>
/// <param name="Server">The server's name; null if it concerns none.</param>
/// <param name="Text">What is seen, and what it means, in one line.</param>
/// <param name="Unauthenticated">Whether it rests on what anyone could have sent under the client's address.</param>
internal sealed record CauseReport(string Kind, string? Client, string? Server, string Text, bool Unauthenticated);
