using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Admission;
using WgProxy.Core.Engine;
using WgProxy.Linux;
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
    public static IEngine Create(Options options, EngineSettings settings) => options.Engine switch
    {
        EngineKind.Linux => new LinuxEngine(settings, LinuxSettings(options)),
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

    /// <summary>How many listening sockets the engine has beyond those of one address of each IP version, which few hosts would notice.</summary>
    public static int ListeningFiles(Options options)
    {
        int receiving = options.Engine == EngineKind.Linux ? 3 * LinuxSettings(options).Workers : 2;
        int files = 0;
        foreach (IGrouping<AddressFamily, IPEndPoint> ofVersion in options.Listen.OfEachVersion.GroupBy(each => each.AddressFamily))
        {
            int addresses = ofVersion.Count();
            files += (addresses * (receiving + StrangerSpread.BuffersAt(addresses))) - receiving - StrangerSpread.Buffers;
        }

        return files;
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
