using System.Net;
using WgProxy.Core.Admission;
using WgProxy.Core.Engine;
using WgProxy.Linux;
using WgProxy.Linux.Net;
using WgProxy.Linux.Send;
using WgProxy.Linux.Workers;
using WgProxy.Portable;

namespace WgProxy.Configuration;

/// <summary>What can move the datagrams.</summary>
internal enum EngineKind
{
    /// <summary>Sockets of .NET, on every system.</summary>
    Portable,

    /// <summary>Batched system calls and offloads of Linux.</summary>
    Linux,
}

/// <summary>Makes the engine that was chosen.</summary>
internal static class EngineChoice
{
    /// <summary>The engine, not yet started.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="settings">The same, and more, as engines are told.</param>
    /// <param name="early">Upstream sockets that are bound already; null for none. Only the linux engine takes them.</param>
    public static IEngine Create(Options options, EngineSettings settings, EarlyPorts? early = null) => options.Engine switch
    {
        EngineKind.Linux => new LinuxEngine(settings, LinuxSettings(options) with { Early = early }),
        _ => new PortableEngine(settings),
    };

    /// <summary>Tries what the engine's upstream sockets are to be bound to. Listens nowhere.</summary>
    /// <returns>Sentences about what the system did not tell.</returns>
    /// <exception cref="EngineException">The system refused.</exception>
    public static IReadOnlyList<string> TryBinding(Options options)
    {
        if (options.Engine == EngineKind.Linux)
        {
            return LinuxEngine.TryBinding(options.Binding);
        }

        PortableEngine.TryBinding(options.Binding);
        return [];
    }

    /// <summary>Binds upstream sockets before this host has their addresses; null where the engine has no use for them.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="most">How many at most.</param>
    public static EarlyPorts? BindEarly(Options options, int most) =>
        options.Engine == EngineKind.Linux ? new EarlyPorts(options.Binding, options.Listen.Ports, most) : null;

    /// <summary>How many listening sockets the engine opens, each a file.</summary>
    /// <param name="options">The settings, with the addresses on which it is to listen.</param>
    /// <param name="former">The addresses on which it listens already; null at its start.</param>
    public static int ListeningFiles(Options options, ListenAddresses? former = null)
    {
        int receiving = options.Engine == EngineKind.Linux ? 3 * LinuxSettings(options).Workers : 2;
        IPEndPoint[] wanted = [.. options.Listen.OfEachVersion];
        IPEndPoint[] kept = [.. former?.OfEachVersion.Intersect(wanted) ?? []];
        return wanted.Except(kept).GroupBy(each => each.AddressFamily).Sum(added =>
            added.Count() * (receiving + StrangerSpread.BuffersAt(added.Count(), kept.Count(each => each.AddressFamily == added.Key))));
    }

    /// <summary>How many of them close at the least when it listens on other addresses.</summary>
    /// <param name="former">The settings, with the addresses on which it has listened.</param>
    /// <param name="wanted">The addresses on which it listens now.</param>
    public static int ClosedFiles(Options former, ListenAddresses wanted)
    {
        int least = (former.Engine == EngineKind.Linux ? 3 * LinuxSettings(former).Workers : 2) + 1;
        return former.Listen.OfEachVersion.Except(wanted.OfEachVersion).Count() * least;
    }

    private static LinuxEngineSettings LinuxSettings(Options options)
    {
        LinuxEngineSettings suited = new();
        return suited with
        {
            Workers = options.Workers == 0 ? suited.Workers : options.Workers,
            BusyPoll = options.BusyPoll is { } window ? BusyPoll.Always(window) : suited.BusyPoll,
            Segmentation = options.Segmentation ? suited.Segmentation : Segmentation.None,
        };
    }
}
