using System.Net;
using WgProxy.Core.Journal;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;

namespace WgProxy.Core.Engine;

/// <summary>Everything an engine is told, already validated. The same for every engine.</summary>
public sealed record EngineSettings
{
    /// <summary>Where clients send to: at least one address with its port, none within another. <c>[::]</c> means both families, as two
    /// addresses.</summary>
    public required IReadOnlyList<IPEndPoint> Listen { get; init; }

    /// <summary>Listening sockets that outlive an engine; null for none.</summary>
    internal InheritedSockets? Inherited { get; init; }

    /// <summary>Called when the engine has opened its sockets and has not read any. A batch of records that it is lent now is there before the
    /// first datagram.</summary>
    internal Action<IEngine>? Starting { get; init; }

    /// <summary>Tells the records that the engine will be lent when it starts, those first that were used last; null for none. It may ask at its
    /// start, and take hold of their ports before it does anything else, so that what servers send waits there.</summary>
    internal Func<ReadOnlyMemory<MappingRecord>>? Recorded { get; init; }

    /// <summary>The servers. The program adds and removes them, and publishes their addresses and settings; it tells of each change by
    /// <see cref="EngineCommand.RouteChanged"/>.</summary>
    public required RouteList Routes { get; init; }

    /// <summary>Limits and times of the relay.</summary>
    public RelaySettings Relay { get; init; } = new();

    /// <summary>The random bits that the engine may use. <see cref="EngineSeeds.From"/> draws them.</summary>
    public required EngineSeeds Seeds { get; init; }

    /// <summary>The same limits and times, with the seeds that the relay uses.</summary>
    internal RelaySettings SeededRelay =>
        Relay with { HashSeed = Seeds.Hash, CookieSeed = Seeds.Cookie, NonceSeed = Seeds.Nonce };

    /// <summary>What compares an initiation's mac1 with the keys of many routes.</summary>
    internal IMac1Matcher Mac1Matcher { get; init; } = Mac1Matchers.Best;

    /// <summary>Asks the system which subnets this host is attached to. Called at the start, and at most once a minute by a thread of
    /// the pool; none by default.</summary>
    public Func<IEnumerable<IPNetwork>> Subnets { get; init; } = static () => [];

    /// <summary>Local ports that upstream sockets may use, each once.</summary>
    public IReadOnlyList<ushort> Ports { get; init; } = [];

    /// <summary>Local ports by which restored mappings may go on; null for <see cref="Ports"/>. An engine of several workers gives each a
    /// share of the ports, and a mapping may be restored by another worker than it had.</summary>
    internal IReadOnlyList<ushort>? RestoredPorts { get; init; }

    /// <summary>What upstream sockets are bound to, beside their ports.</summary>
    public UpstreamBinding Binding { get; init; } = new();

    /// <summary>Told of every change of a mapping after it happened, one call at a time, on a thread of the engine: it
    /// must neither block nor throw.</summary>
    public Action<RelayEvent>? Observe { get; init; }

    /// <summary>Where tunnels of other relays are sought. Null for none; then nothing is.</summary>
    internal DirectorySettings? Directory { get; init; }

    /// <summary>The receiver of mappings' records. Null for none; then the relay marks nothing.</summary>
    internal JournalSettings? Journal { get; init; }
}
