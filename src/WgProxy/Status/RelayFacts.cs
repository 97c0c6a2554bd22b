using WgProxy.Accounting;
using WgProxy.Causes;
using WgProxy.Configuration;
using WgProxy.Fleet;
using WgProxy.History;
using WgProxy.Hosting;
using WgProxy.Logging;
using WgProxy.Standby;

namespace WgProxy.Status;

/// <summary>What is known of a run beside what its engine and its servers tell.</summary>
/// <param name="Version">The program's version.</param>
/// <param name="Started">When it started.</param>
/// <param name="Capacity">What fits.</param>
/// <param name="LoadedFrom">The number of unanswered mappings from which on strangers must show cookies.</param>
/// <param name="Options">The settings that apply now.</param>
/// <param name="Level">The log level that applies now.</param>
internal sealed record RelayFacts(
    string Version, DateTimeOffset Started, Capacity Capacity, int LoadedFrom, Func<Options> Options, Func<int> Level)
{
    /// <summary>Clients that gave up asking for a tunnel.</summary>
    public Attempts Attempts { get; init; } = new(TimeProvider.System);

    /// <summary>What passed in the last hour; null if it is not kept.</summary>
    public RelayHistory? History { get; init; }

    /// <summary>The accounts of servers and peers; null only where no report asks for them.</summary>
    public UsageBook? Accounts { get; init; }

    /// <summary>The relay's part in a fleet; null for none.</summary>
    public RelayFleet? Fleet { get; init; }

    /// <summary>The pair that it is one of; null for none.</summary>
    public Pair? Pair { get; init; }

    /// <summary>The last lines of the log.</summary>
    public LogRing Lines { get; init; } = new();
}
