using WgProxy.Linux.Net;
using WgProxy.Linux.Send;
using WgProxy.Linux.Workers;

namespace WgProxy.Linux;

/// <summary>The settings of this engine alone.</summary>
public sealed record LinuxEngineSettings
{
    /// <summary>How many worker threads; the engine takes fewer if its limits are too small to divide.</summary>
    public int Workers { get; init; } = WorkersOf(Environment.ProcessorCount);

    /// <summary>When a worker keeps looking for more before it sleeps.</summary>
    public BusyPoll BusyPoll { get; init; } = BusyPoll.Suiting(Environment.ProcessorCount);

    /// <summary>What is left to the kernel.</summary>
    public Segmentation Segmentation { get; init; } = Segmentation.OfThisHost();

    /// <summary>Whether the engine watches this host's addresses and routes. Without, mappings find out that they have another path when
    /// their clients go unanswered.</summary>
    public bool WatchesPaths { get; init; } = true;

    /// <summary>Upstream sockets that were bound before this host had their address; null for none. The engine takes those of its records, and
    /// closes the others.</summary>
    internal EarlyPorts? Early { get; init; }

    /// <summary>How many workers suit a host with this many processors, as this process may use them.</summary>
    public static int WorkersOf(int processors) => Math.Max(1, processors / 2);
}
