using System.Net;

namespace WgProxy.Core.Engine;

/// <summary>Why an engine cannot listen on an address, independent of the system's error numbers.</summary>
internal enum ListenRefusal
{
    /// <summary>Another program has the port.</summary>
    PortInUse,

    /// <summary>The address is not one of this machine's.</summary>
    NoSuchAddress,

    /// <summary>The port needs a privilege, or the system forbids it.</summary>
    NotPermitted,

    /// <summary>This machine lacks the IP version.</summary>
    NoSuchFamily,

    /// <summary>Something else, in the system's words.</summary>
    Other,
}

/// <summary>A buffer that an engine asked for, and what it got.</summary>
/// <param name="Name">What it is, with its article.</param>
/// <param name="Granted">The bytes granted.</param>
/// <param name="Limit">The sysctl that limits it; null where there is none.</param>
internal readonly record struct GrantedBuffer(string Name, int Granted, string? Limit);

/// <summary>Sentences for the operator about what the system refused an engine, or granted only in part. They are the same for every engine.</summary>
internal static class RefusalText
{
    /// <summary>Advice if a sandbox refuses something that every engine needs.</summary>
    public const string Allow = "let the sandbox (a seccomp profile, say) allow it";

    /// <summary>Advice if a sandbox refuses something that the portable engine does not need.</summary>
    public const string AllowOrPortable = $"{Allow}, or use --engine portable";

    /// <summary>Why a mark is refused.</summary>
    public const string MarkNeeds = "a mark needs CAP_NET_ADMIN, or since Linux 5.17 CAP_NET_RAW (under systemd: AmbientCapabilities=)";

    /// <summary>Why an interface that exists is refused.</summary>
    public const string DeviceNeeds = "before Linux 5.7, this needs CAP_NET_RAW";

    /// <summary>Why an interface is refused that does not exist.</summary>
    public const string NoDevice = "this host has no such interface";

    /// <summary>Why a source address is refused.</summary>
    public const string NoAddress = "this host does not have the address";

    /// <summary>The system does not let an engine listen.</summary>
    /// <param name="listen">The address.</param>
    /// <param name="why">The reason.</param>
    /// <param name="words">The system's words, if there are none of ours.</param>
    /// <param name="said">What the system threw.</param>
    public static EngineException ToListen(IPEndPoint listen, ListenRefusal why, string words, Exception? said = null)
    {
        string reason = why switch
        {
            ListenRefusal.PortInUse => "another program uses this UDP port",
            ListenRefusal.NoSuchAddress => "this machine does not have the address",
            ListenRefusal.NotPermitted => "the system does not permit this port",
            ListenRefusal.NoSuchFamily => "this machine lacks the IP version",
            _ => words,
        };
        return new EngineException($"cannot listen on {listen}: {reason}", said!)
        {
            Cause = why == ListenRefusal.PortInUse ? EngineRefusal.PortInUse : EngineRefusal.Listen,
            Port = listen.Port,
        };
    }

    /// <summary>The engine listens on sockets of another program.</summary>
    public static EngineException HandedOverStay() =>
        new("the relay listens on sockets that were handed over to it (LISTEN_FDS), and on no others while it runs: restart it to listen elsewhere") { Cause = EngineRefusal.Listen };

    /// <summary>The system refuses a call that an engine cannot start without.</summary>
    /// <param name="call">The call, as the system spells it.</param>
    /// <param name="words">The system's words.</param>
    /// <param name="wayOut">What the operator can do.</param>
    /// <param name="said">What the system threw.</param>
    public static EngineException ToCall(string call, string words, string wayOut, Exception? said = null) =>
        new($"the system refuses {call}: {words}; {wayOut}", said!);

    /// <summary>The system does not let upstream sockets be bound to something.</summary>
    /// <param name="part">Which part of the <see cref="UpstreamBinding"/>.</param>
    /// <param name="value">The refused value, in words.</param>
    /// <param name="reason">Why, and what the operator can do.</param>
    public static EngineException ToBind(EngineRefusal part, string value, string reason) =>
        new($"cannot send to servers {value}: {reason}") { Cause = part };

    /// <summary>The advice for a prefix that no local route brings to this host.</summary>
    public static string RouteTo(IPNetwork prefix, string? device) =>
        $"no local route brings the prefix to this host: ip route add local {prefix} dev {device ?? "lo"}"
        + (device is null ? string.Empty : $" vrf {device}, if it is a VRF");

    /// <summary>One sentence, if there are listening sockets of another program.</summary>
    public static IReadOnlyList<string> WithoutSteering(IReadOnlyList<InheritedSocket> handed) => handed.Count == 0
        ? []
        : [$"the relay listens on {(handed.Count == 1 ? "a socket that was" : "sockets that were")} handed over to it ({string.Join(", ", handed.Select(each => $"{each.Local} as \"{each.Name}\""))}): "
            + "by one worker, and without a queue for initiations alone, so a flood of these may push data out; it opens its own sockets if started without LISTEN_FDS"];

    /// <summary>One sentence, if any of the buffers is smaller than <see cref="ListenPlan.Buffer"/>.</summary>
    /// <param name="buffers">What was granted.</param>
    /// <param name="other">Another way to get more than the limit; null if there is none.</param>
    public static IReadOnlyList<string> Shortfalls(IReadOnlyList<GrantedBuffer> buffers, string? other = null)
    {
        GrantedBuffer[] small = [.. buffers.Where(each => each.Granted < ListenPlan.Buffer)];
        if (small.Length == 0)
        {
            return [];
        }

        string got = string.Join(" and ", small.Select(each => $"{each.Name} of {each.Granted}"));
        string[] limits = [.. small.Select(each => each.Limit).OfType<string>()];
        string advice = limits.Length == 0
            ? string.Empty
            : $"; set {string.Join(" and ", limits)} to {ListenPlan.Buffer} (sysctl){(other is null ? string.Empty : $" or {other}")}";
        return [$"the system grants {got} bytes instead of {ListenPlan.Buffer}: bursts may be lost{advice}"];
    }
}
