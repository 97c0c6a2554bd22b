using System.Globalization;
using WgProxy.Configuration;
using WgProxy.Linux.Net;

namespace WgProxy.Hosting;

/// <summary>How many mappings fit, and why not more.</summary>
/// <param name="Mappings">Upstream sockets at once.</param>
/// <param name="Asked">Of these, mappings that the server has not answered: a quarter, so that strangers with the
/// public key can neither fill the table nor keep newcomers from getting an answer.</param>
/// <param name="Bound">The limit that bounds the number, in words.</param>
/// <param name="Ports">Local ports that upstream sockets may use.</param>
/// <param name="OpenFiles">The limit on open files; null if unknown.</param>
internal sealed record Capacity(int Mappings, int Asked, string Bound, EphemeralPorts Ports, long? OpenFiles)
{
    // The process itself holds about 70 files, and each new thread of the runtime takes two more. A runtime that cannot open
    // them ends the process (.NET 10).
    private const int OwnFiles = 256;

    // Of these, what an address of each IP version takes with up to 16 workers (EngineChoice.ListeningFiles).
    private const int OwnListening = 128;

    // Linux's own soft limit since 1.0 (INR_OPEN_CUR), and the least that a host is likely to grant.
    private const long AssumedFiles = 1_024;

    /// <summary>Whether a higher limit on open files would make more room.</summary>
    public bool FilesAreTheBound { get; private init; }

    /// <summary>How many listening sockets may be open at once, so that a file is left for each mapping: those of the start and what is spare, which changes of
    /// listening addresses may take.</summary>
    public long ListeningRoom { get; private init; } = long.MaxValue;

    /// <summary>How many files may come to be open, as far as the limit allows.</summary>
    public long MostFiles { get; private init; }

    /// <summary>The limit on open files in words.</summary>
    public string OpenFilesText => OpenFiles switch
    {
        null => $"an unknown number, taken for {AssumedFiles}, of",
        HostFacts.Unlimited => "any number of",
        long limit => limit.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>What fits on this host. The soft limit on open files is raised to the hard one: not every form of the runtime
    /// does that by itself.</summary>
    /// <param name="listenPorts">The ports to listen on, which no upstream socket may take.</param>
    /// <param name="wanted">The most mappings that the operator wants.</param>
    /// <param name="chosen">The ports that the operator chose for upstream sockets, if so.</param>
    /// <param name="listening">Listening sockets of the start, each a file.</param>
    public static Capacity OfThisHost(IReadOnlyList<int> listenPorts, int wanted, (ushort First, ushort Last)? chosen = null, int listening = 0) =>
        From(
            chosen is { } range ? EphemeralPorts.OfThisHost(listenPorts).Only(range, listenPorts) : EphemeralPorts.OfThisHost(listenPorts),
            OperatingSystem.IsLinux() ? HostFacts.RaiseOpenFiles() : HostFacts.Unlimited,
            wanted,
            listening);

    /// <summary>What fits into 90 % of the ports and of the open files: the rest is for resting ports, for other programs,
    /// and for the process itself, which needs 256 files whatever the limit.</summary>
    public static Capacity From(EphemeralPorts ports, long? openFiles, int wanted, int listening = 0)
    {
        long byPorts = ports.Numbers.Count * 9L / 10;
        long limit = openFiles ?? AssumedFiles;
        long others = Math.Max(limit / 10, OwnFiles);
        long byFiles = limit - others - Math.Max(0, listening - OwnListening);
        int mappings = (int)Math.Max(1, Math.Min(wanted, Math.Min(byPorts, byFiles)));
        bool filesBound = byFiles < wanted && byFiles <= byPorts;
        string bound = filesBound ? "open files" : byPorts < wanted ? "upstream ports" : OptionTable.MaxMappings.Name;
        return new Capacity(mappings, RelaySettings.ForMappings(mappings).MaxAsked, bound, ports, openFiles)
        {
            FilesAreTheBound = filesBound,
            ListeningRoom = Math.Max(listening, OwnListening) + Math.Max(0, byFiles - mappings),
            MostFiles = Math.Min(limit, (long)mappings + OwnFiles + Math.Max(0, listening - OwnListening)),
        };
    }
}
