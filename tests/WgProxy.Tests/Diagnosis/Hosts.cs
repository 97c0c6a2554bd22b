using System.Net;
using System.Net.Sockets;
using WgProxy.Diagnosis;
using WgProxy.Fleet;
using WgProxy.Hosting;
using WgProxy.Linux;
using WgProxy.Linux.Firewall;
using WgProxy.Linux.Net;

namespace WgProxy.Tests.Diagnosis;

/// <summary>Hosts as doctor may meet them: one on which all is well, and for each kind of finding one that has it.</summary>
internal static class Hosts
{
    public const ulong NetAdmin = 1 << 12;
    private const int Wanted = 7 * 1024 * 1024;
    private static readonly IPEndPoint Server = IPEndPoint.Parse("[2001:db8::7]:51820");

    /// <summary>All is well.</summary>
    public static Facts Healthy { get; } = new()
    {
        Listening = At(new PortState(4, 0, [new PortHolder("wgproxy", 412)], null)),
        Timeout = TimeSpan.FromSeconds(300),
        MaxMappings = 16_384,
        Ports = EphemeralPorts.Select("32768 60999", "51820", 51820),
        Reserved = "51820\n",
        Buffers = (Wanted, Wanted),
        Overflowed = 0,
        Tracking = null,
        Firewall = new FirewallState(0, [], null),
        Endpoints = [Endpoint("home.example.com", Path(1500))],
        HasIPv4 = true,
        HasIPv6 = true,
        Privileges = new PrivilegeState("the relay that runs here", NetAdmin, 65_536),
        Release = "6.12.3",
        Kernel = new KernelVersion(6, 12, 3),
        Segmentation = new SegmentationAnswer(null, Joined: true, Intact: true),
        CanSteer = true,
        HasIoUring = true,
        IoUringDisabled = "0",
        Now = new DateTimeOffset(2026, 12, 1, 0, 0, 0, TimeSpan.Zero),
        IsClockSynchronised = true,
    };

    /// <summary>The relay's only port.</summary>
    public static IReadOnlyList<ListenState> At(PortState state) => [new ListenState(IPEndPoint.Parse("[::]:51820"), state)];

    /// <summary>A host for each kind.</summary>
    public static IReadOnlyDictionary<FindingKind, Facts> Of { get; } = new Dictionary<FindingKind, Facts>
    {
        [FindingKinds.RelayRuns] = Healthy,
        [FindingKinds.RelayDown] = Healthy with { Listening = At(new PortState(0, 0, [], null)) },
        [FindingKinds.RelayAwaited] = Healthy with { Listening = At(new PortState(2, 0, [new PortHolder("systemd", 1)], null)) },
        [FindingKinds.PortTaken] = Healthy with { Listening = At(new PortState(1, 0, [new PortHolder("dnsmasq", 7)], null)) },
        [FindingKinds.PortShared] = Healthy with { Listening = At(new PortState(2, 0, [new PortHolder("wgproxy", 7), new PortHolder("wgproxy", 8)], null)) },
        [FindingKinds.PortForbidden] = Healthy with { Listening = At(new PortState(0, 0, [], (IPAddress.Any, 13))) },
        [FindingKinds.AddressMissing] = Healthy with { Listening = At(new PortState(0, 0, [], (IPAddress.Parse("192.0.2.9"), 99))) },
        [FindingKinds.ListenRefused] = Healthy with { Listening = At(new PortState(0, 0, [], (IPAddress.Any, 97))) },
        [FindingKinds.PortHandedOut] = Healthy with { Reserved = "1-2,40000" },
        [FindingKinds.PortKept] = Healthy,
        [FindingKinds.BuffersSmall] = Healthy with { Buffers = (Wanted, 212_992) },
        [FindingKinds.BuffersGranted] = Healthy,
        [FindingKinds.PortOverflowed] = Healthy with { Listening = At(Healthy.Listening[0].Port! with { Dropped = 3 }) },
        [FindingKinds.HostOverflowed] = Healthy with { Overflowed = 5 },
        [FindingKinds.FirewallDrops] = Firewall(FirewallOutcome.Dropped),
        [FindingKinds.FirewallRedirects] = Firewall(FirewallOutcome.Redirected),
        [FindingKinds.FirewallMayDrop] = Firewall(FirewallOutcome.MayBeDropped),
        [FindingKinds.FirewallMayRedirect] = Firewall(FirewallOutcome.MayBeRedirected),
        [FindingKinds.FirewallPasses] = Firewall(FirewallOutcome.Passes),
        [FindingKinds.FlowsDropped] = Tracked(new TrackingState(1, 100, 9, 300)),
        [FindingKinds.FlowsNearlyFull] = Tracked(new TrackingState(81, 100, 0, 300)),
        [FindingKinds.FlowsForgotten] = Tracked(new TrackingState(1, 100, 0, 120)),
        [FindingKinds.FlowsTracked] = Tracked(new TrackingState(1, 100, 0, 300)),
        [FindingKinds.FlowsUntracked] = Healthy,
        [FindingKinds.PathMissing] = Healthy with { Endpoints = [Endpoint("home", NoPath)] },
        [FindingKinds.PathPartly] = Healthy with { Endpoints = [Endpoint("home", NoPath, Path(1500))] },
        [FindingKinds.PathNarrow] = Healthy with { Endpoints = [Endpoint("home", Path(1499))] },
        [FindingKinds.PathTooNarrow] = Healthy with { Endpoints = [Endpoint("home", Path(1359))] },
        [FindingKinds.PathFound] = Healthy,
        [FindingKinds.NameUnknown] = Healthy with { Endpoints = [Endpoint("home") with { Failure = "DNS knows no such name" }] },
        [FindingKinds.NameUnusable] = Healthy with { Endpoints = [Endpoint("home", Path(1500) with { Refusal = "no host has this address" })] },
        [FindingKinds.NameIsRelay] = Healthy with { Endpoints = [Endpoint("home", Path(1500) with { IsRelay = true })] },
        [FindingKinds.NameSlow] = Healthy with { Endpoints = [Endpoint("home", Path(1500)) with { Took = TimeSpan.FromSeconds(5) }] },
        [FindingKinds.NameFound] = Healthy,
        [FindingKinds.FamilyMissing] = Healthy with { HasIPv6 = false },
        [FindingKinds.IPv6Disabled] = Healthy with { HasIPv6 = false, IsIPv6Disabled = true },
        [FindingKinds.FamiliesThere] = Healthy,
        [FindingKinds.FilesFew] = Healthy with { Privileges = Healthy.Privileges! with { OpenFiles = 1_024 } },
        [FindingKinds.PortsFew] = Healthy with { Ports = EphemeralPorts.Select("50000 50999", "", 51820) },
        [FindingKinds.RoomThere] = Healthy,
        [FindingKinds.MarkForbidden] = Healthy with { Mark = 5, Privileges = Healthy.Privileges! with { Capabilities = 0 } },
        [FindingKinds.PrivilegesFew] = Healthy with { Privileges = Healthy.Privileges! with { Capabilities = 0 } },
        [FindingKinds.PrivilegesEnough] = Healthy,
        [FindingKinds.JoinedBroken] = Healthy with { Segmentation = new SegmentationAnswer(null, Joined: true, Intact: false) },
        [FindingKinds.JoinedRefused] = Healthy with { Segmentation = new SegmentationAnswer("Input/output error (errno 5)", Joined: false, Intact: true) },
        [FindingKinds.JoinedNot] = Healthy with { Kernel = new KernelVersion(5, 4, 0) },
        [FindingKinds.TrainsCorrupted] = Healthy with { Kernel = new KernelVersion(7, 0, 3) },
        [FindingKinds.JoinedWorks] = Healthy,
        [FindingKinds.IoUringRefused] = Healthy with { HasIoUring = false, IoUringDisabled = "2" },
        [FindingKinds.SteeringRefused] = Healthy with { CanSteer = false },
        [FindingKinds.KernelParts] = Healthy,
        [FindingKinds.EnginePortable] = Healthy with { UsesLinuxEngine = false },
        [FindingKinds.ClockWrong] = Healthy with { Now = DateTimeOffset.UnixEpoch },
        [FindingKinds.ClockAlone] = Healthy with { IsClockSynchronised = false },
        [FindingKinds.ClockRight] = Healthy,
        [FindingKinds.FleetStoreFails] = Store(new StoreState("NOAUTH Authentication required.", null)),
        [FindingKinds.FleetStoreReplica] = Store(new StoreState("READONLY", 0) { IsReplica = true }),
        [FindingKinds.FleetStoreKeeps] = Store(new StoreState(null, 0) { Policy = "noeviction", MostMemory = 1 << 30 }),
        [FindingKinds.FleetStoreUnbounded] = Store(new StoreState(null, 0) { Policy = "noeviction", MostMemory = 0 }),
        [FindingKinds.FleetStoreTakes] = Store(new StoreState(null, 0)),
        [FindingKinds.FleetClockDiffers] = Store(new StoreState(null, -600)),
        [FindingKinds.ServerNotNamed] = Healthy with { Endpoints = [] },
    };

    /// <summary>A path of so many bytes to the server; over IPv4 if asked.</summary>
    public static AddressState Path(int mtu, bool isIPv4 = false) => new(
        isIPv4 ? IPEndPoint.Parse("192.0.2.7:51820") : Server, null, false, new PathAnswer(null, false, mtu, IPAddress.Parse(isIPv4 ? "192.0.2.1" : "2001:db8::1")));

    /// <summary>An endpoint at these addresses.</summary>
    public static EndpointState Endpoint(string name, params AddressState[] addresses) => new(name, name, IsName: true, null, TimeSpan.FromMilliseconds(3), addresses);

    private static Facts Store(StoreState state) => Healthy with { FleetStore = ("redis://192.0.2.8:6379", state) };

    private static AddressState NoPath => new(IPEndPoint.Parse("192.0.2.7:51820"), null, false, new PathAnswer("Network is unreachable (errno 101)", true, 0, null));

    private static Facts Firewall(FirewallOutcome outcome) => Healthy with
    {
        Firewall = new FirewallState(1, [new FlowState("what clients send to UDP port 51820", "udp dport 51820", new FirewallAnswer(outcome, "inet", "filter", "input"))], null),
    };

    private static Facts Tracked(TrackingState state) => Healthy with { Tracking = state, Firewall = new FirewallState(1, [], ("ip", "nat", "pre")) };
}
