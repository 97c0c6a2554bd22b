namespace WgProxy.Status;

/// <summary>What became of datagrams.</summary>
/// <param name="Now">The instant of the answer.</param>
/// <param name="Drops">By direction, server and verdict: verdicts that some datagram met.</param>
/// <param name="Verdicts">Every verdict and what it means.</param>
internal sealed record DropsReport(DateTimeOffset Now, IReadOnlyList<DropReport> Drops, IReadOnlyDictionary<string, string> Verdicts);

/// <summary>Datagrams that met one verdict and were not forwarded.</summary>
/// <param name="Server">The server that they were for or from; null for all of them together, also those of no known server.</param>
/// <param name="Direction">uplink or downlink.</param>
/// <param name="Verdict">The verdict.</param>
/// <param name="Datagrams">How many.</param>
internal sealed record DropReport(string? Server, string Direction, string Verdict, long Datagrams);

/// <summary>Whether the program is alive.</summary>
/// <param name="DataPath">Whether every worker has answered.</param>
internal sealed record HealthReport(bool DataPath);

/// <summary>Whether the relay can serve clients.</summary>
/// <param name="Ready">Whether all of these are so.</param>
/// <param name="Bound">Whether it listens.</param>
/// <param name="Resolved">Whether the address of at least one server is known.</param>
/// <param name="DataPath">Whether every worker has answered.</param>
/// <param name="Unresolved">Names of servers without an address.</param>
internal sealed record ReadyReport(bool Ready, bool Bound, bool Resolved, bool DataPath, IReadOnlyList<string> Unresolved);

/// <summary>Why a request was refused.</summary>
/// <param name="Error">In words.</param>
internal sealed record ErrorReport(string Error);
