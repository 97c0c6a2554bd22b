using System.Net;
using WgProxy.Fleet;
using WgProxy.Hosting;
using WgProxy.Linux.Firewall;
using WgProxy.Linux.Net;
using WgProxy.Linux;

namespace WgProxy.Diagnosis;

/// <summary>A program that holds the relay's port.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Process">The number of its process.</param>
internal sealed record PortHolder(string Name, int Process)
{
    /// <summary>Whether it is a relay.</summary>
    public bool IsRelay => Name is "wgproxy";

    /// <summary>Whether it is the service manager, which keeps the sockets of a relay or hands them over.</summary>
    public bool IsManager => Name is "systemd";

    /// <summary>Both.</summary>
    public override string ToString() => $"{Name} (process {Process})";
}

/// <summary>The sockets at the relay's port.</summary>
/// <param name="Sockets">How many there are.</param>
/// <param name="Dropped">How many datagrams were dropped at them for want of room.</param>
/// <param name="Holders">The programs that hold them, as far as this user sees programs.</param>
/// <param name="Refusal">What was refused when the port was tried; null if it was not tried or not refused.</param>
internal sealed record PortState(int Sockets, long Dropped, IReadOnlyList<PortHolder> Holders, (IPAddress Address, int Error)? Refusal);

/// <summary>An address with a port on which the relay is to listen.</summary>
/// <param name="Listen">The address.</param>
/// <param name="Port">What is there; null if it was not seen.</param>
internal sealed record ListenState(IPEndPoint Listen, PortState? Port);

/// <summary>Connection tracking.</summary>
/// <param name="Count">Flows that it holds in this network namespace.</param>
/// <param name="Most">Flows that it may hold.</param>
/// <param name="Dropped">Packets that it dropped because there was no room.</param>
/// <param name="Stream">Seconds after which it forgets a flow of two directions.</param>
internal sealed record TrackingState(long Count, long Most, long Dropped, int Stream);

/// <summary>A flow that the relay needs, and what the firewall does with it.</summary>
/// <param name="What">The flow in words, after "drops".</param>
/// <param name="Match">The same in the words of nft.</param>
/// <param name="Answer">What becomes of it; null if nothing happens to it.</param>
internal sealed record FlowState(string What, string Match, FirewallAnswer? Answer);

/// <summary>The firewall.</summary>
/// <param name="Rules">How many rules it has.</param>
/// <param name="Flows">What it does with the flows of the relay.</param>
/// <param name="Tracking">The chain for which the kernel tracks the relay's flows; null if there is none, or rules keep all of them from it.</param>
internal sealed record FirewallState(int Rules, IReadOnlyList<FlowState> Flows, (string Family, string Table, string Chain)? Tracking);

/// <summary>An endpoint of a server.</summary>
/// <param name="Title">What the operator calls it.</param>
/// <param name="Host">Its name or address.</param>
/// <param name="IsName">Whether it is a name.</param>
/// <param name="Failure">Why it cannot be resolved; null if it can.</param>
/// <param name="Took">How long that took.</param>
/// <param name="Addresses">Where it is.</param>
internal sealed record EndpointState(
    string Title, string Host, bool IsName, string? Failure, TimeSpan Took, IReadOnlyList<AddressState> Addresses);

/// <summary>One address of an endpoint.</summary>
/// <param name="Address">The address and port.</param>
/// <param name="Refusal">Why it cannot be the server's; null if it can.</param>
/// <param name="IsRelay">Whether this relay itself listens there.</param>
/// <param name="Path">How this host would send to it.</param>
internal sealed record AddressState(IPEndPoint Address, string? Refusal, bool IsRelay, PathAnswer Path);

/// <summary>The process that is, or would be, the relay.</summary>
/// <param name="Who">The process or user, in words.</param>
/// <param name="Capabilities">Its effective capabilities, a bit each.</param>
/// <param name="OpenFiles">How many files it may open.</param>
internal sealed record PrivilegeState(string Who, ulong Capabilities, long OpenFiles)
{
    private const int NetAdmin = 12;
    private const int NetRaw = 13;

    /// <summary>Whether it has CAP_NET_ADMIN.</summary>
    public bool HasNetAdmin => (Capabilities >> NetAdmin & 1) == 1;

    /// <summary>Whether it has CAP_NET_RAW.</summary>
    public bool HasNetRaw => (Capabilities >> NetRaw & 1) == 1;
}

/// <summary>What was seen of a host, and what a relay on it is to do. What could not be seen is null.</summary>
internal sealed record Facts
{
    /// <summary>Where the relay listens, and the sockets that are there.</summary>
    public required IReadOnlyList<ListenState> Listening { get; init; }

    /// <summary>How long it keeps an idle tunnel.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>The most mappings that the operator wants.</summary>
    public required int MaxMappings { get; init; }

    /// <summary>The mark of what it sends; 0 for none.</summary>
    public uint Mark { get; init; }

    /// <summary>Whether it uses the linux engine.</summary>
    public bool UsesLinuxEngine { get; init; } = true;

    /// <summary>Whether it may use GRO, GSO and io_uring.</summary>
    public bool MaySegment { get; init; } = true;

    /// <summary>The ports that the system hands out, and those for upstream sockets.</summary>
    public EphemeralPorts? Ports { get; init; }

    /// <summary>The ports that are reserved, as the system has them.</summary>
    public string Reserved { get; init; } = string.Empty;

    /// <summary>The receive and the send buffer that the system grants.</summary>
    public (int Receive, int Send)? Buffers { get; init; }

    /// <summary>Datagrams that all programs have lost to full receive buffers.</summary>
    public long? Overflowed { get; init; }

    /// <summary>Connection tracking; also null where the kernel has none.</summary>
    public TrackingState? Tracking { get; init; }

    /// <summary>The firewall.</summary>
    public FirewallState? Firewall { get; init; }

    /// <summary>The endpoints of the servers.</summary>
    public IReadOnlyList<EndpointState> Endpoints { get; init; } = [];

    /// <summary>Whether this host has an IPv4 address that others reach.</summary>
    public bool? HasIPv4 { get; init; }

    /// <summary>Whether it has an IPv6 address that others reach.</summary>
    public bool? HasIPv6 { get; init; }

    /// <summary>Whether IPv6 is disabled.</summary>
    public bool IsIPv6Disabled { get; init; }

    /// <summary>The process that is, or would be, the relay.</summary>
    public PrivilegeState? Privileges { get; init; }

    /// <summary>The kernel's release.</summary>
    public string Release { get; init; } = string.Empty;

    /// <summary>The kernel's version.</summary>
    public KernelVersion Kernel { get; init; }

    /// <summary>What became of joined datagrams.</summary>
    public SegmentationAnswer? Segmentation { get; init; }

    /// <summary>Whether a program may choose among the sockets of a port.</summary>
    public bool? CanSteer { get; init; }

    /// <summary>Whether the kernel takes many sends in one call.</summary>
    public bool? HasIoUring { get; init; }

    /// <summary>The value of kernel.io_uring_disabled; null if there is none.</summary>
    public string? IoUringDisabled { get; init; }

    /// <summary>The time of day.</summary>
    public DateTimeOffset? Now { get; init; }

    /// <summary>Whether something keeps it right.</summary>
    public bool? IsClockSynchronised { get; init; }

    /// <summary>The fleet's store, and what was seen of it; null without a fleet.</summary>
    public (string Address, StoreState State)? FleetStore { get; init; }

    /// <summary>What could not be seen.</summary>
    public IReadOnlyList<Unseen> Unseen { get; init; } = [];
}
