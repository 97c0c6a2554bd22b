using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using WgProxy.Configuration;
using WgProxy.Core.Engine;
using WgProxy.Fleet;
using WgProxy.Hosting;
using WgProxy.Linux;
using WgProxy.Linux.Net;
using WgProxy.Resolving;

namespace WgProxy.Diagnosis;

/// <summary>Gathers the facts of this host. It sends nothing to anyone but the resolver, changes nothing, and works without privilege and
/// without a relay. What it cannot see it says.</summary>
/// <param name="options">What the relay is told.</param>
/// <param name="lookUp">Asks the system for names.</param>
/// <param name="own">This host's addresses.</param>
/// <param name="time">The clock.</param>
internal sealed class HostSurvey(Options options, LookUp lookUp, Func<IEnumerable<IPAddress>> own, TimeProvider time)
{
    private readonly List<Unseen> _unseen = [];

    // No program has a port that the system is to choose.
    private IReadOnlyList<IPEndPoint> Fixed => [.. options.Listen.All.Where(each => each.Port != 0)];

    /// <summary>Gathers them.</summary>
    public async Task<Facts> LookAsync()
    {
        EndpointSurvey survey = new(lookUp, new OwnAddresses(options.Listen.All, own), options.Binding);
        Facts facts = new()
        {
            Listening = [.. options.Listen.All.Select(each => new ListenState(each, null))],
            Timeout = options.Timeout,
            MaxMappings = options.MaxMappings,
            Mark = options.Binding.Mark,
            UsesLinuxEngine = options.Engine == EngineKind.Linux,
            MaySegment = options.Segmentation,
            Endpoints = await survey.LookAsync(options.Servers.SelectMany(server => server.Endpoints)),
            Now = time.GetUtcNow(),
        };
        IPAddress[] addresses = [.. own()];
        if (addresses.Length == 0)
        {
            _unseen.Add(new Unseen("addresses of this host", "the system does not tell them"));
        }
        else
        {
            facts = facts with { HasIPv4 = addresses.Any(IsReachableIPv4), HasIPv6 = addresses.Any(IsReachableIPv6) };
        }

        if (OperatingSystem.IsLinux())
        {
            facts = OfKernel(OfPort(facts));
        }
        else
        {
            _unseen.Add(new Unseen("what the kernel has", "doctor knows that of Linux only"));
        }

        return facts with { Unseen = _unseen, FleetStore = await LookAtStoreAsync() };
    }

    private async Task<(string Address, StoreState State)?> LookAtStoreAsync()
    {
        // What is wrong with its files, the settings have said.
        if (options.Fleet is not { } fleet || FleetFiles.Open(fleet, static (_, _) => { }) is not { } store)
        {
            return null;
        }

        await using (store)
        {
            return (fleet.Store.Text, await store.ExamineAsync(fleet.Name));
        }
    }

    private static bool IsReachableIPv4(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address);

    private static bool IsReachableIPv6(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6 && !IPAddress.IsLoopback(address) && !address.IsIPv6LinkLocal;

    private Facts OfPort(Facts facts)
    {
        EphemeralPorts ports = EphemeralPorts.OfThisHost(options.Listen.Ports);
        IReadOnlyList<PortState>? states = PortSurvey.Look(Fixed);
        if (!ports.IsTold)
        {
            _unseen.Add(new Unseen("the range of local ports", $"{EphemeralPorts.Source} cannot be read: let this process see /proc/sys (ProcSubset=all)"));
        }

        ListenState[] listening = [.. Fixed.Select((each, place) => new ListenState(each, states?[place]))];
        int[] unnamed = [.. listening.Where(each => each.Port is { Sockets: > 0, Holders.Count: 0 }).Select(each => each.Listen.Port)];
        if (states is null && Fixed.Count > 0)
        {
            _unseen.Add(new Unseen("the sockets at the relay's ports", "/proc/net/udp cannot be read: let this process see it (ProcSubset=all)"));
        }
        else if (unnamed.Length > 0)
        {
            _unseen.Add(new Unseen($"the program that holds UDP port {Ports.TextOf(unnamed)}", "it is another user's: run doctor as root"));
        }

        PortHolder? relay = states?.SelectMany(state => state.Holders).FirstOrDefault(holder => holder.IsRelay);
        PrivilegeState? privileges = (relay is null ? null : ProcSurvey.Privileges($"{relay.Process}", "the relay that runs here"))
            ?? ProcSurvey.Privileges("self", "a relay that this user starts");
        if (privileges is null)
        {
            _unseen.Add(new Unseen("capabilities and the limit on open files", "/proc/self cannot be read"));
        }

        return facts with
        {
            Ports = options.UpstreamPorts is { } chosen ? ports.Only(chosen, options.Listen.Ports) with { IsTold = ports.IsTold } : ports,
            Reserved = ProcText.Read("/proc/sys/net/ipv4/ip_local_reserved_ports") ?? string.Empty,
            Listening = listening.Length == 0 ? facts.Listening : listening,
            Privileges = privileges,
        };
    }

    [SupportedOSPlatform("linux")]
    private Facts OfKernel(Facts facts)
    {
        IEnumerable<IPEndPoint> servers = facts.Endpoints.SelectMany(endpoint => endpoint.Addresses).Where(address => address.Refusal is null).Select(address => address.Address);
        SegmentationAnswer? segmentation = SegmentationTrial.Run();
        if (segmentation is null)
        {
            _unseen.Add(new Unseen("joined datagrams on loopback", "this host lets no datagram pass loopback: look at its firewall, and at ip link show lo"));
        }

        return facts with
        {
            Buffers = Buffers(facts.Privileges),
            Overflowed = ProcSurvey.Overflowed(),
            Tracking = ProcSurvey.Tracking(),
            Firewall = FirewallSurvey.Look(options.Listen.All, servers, facts.Ports?.Numbers ?? [], _unseen),
            IsIPv6Disabled = ProcSurvey.Number("/proc/sys/net/ipv6/conf/all/disable_ipv6") == 1
                || (Directory.Exists("/proc/sys/net/ipv4") && !Directory.Exists("/proc/sys/net/ipv6")),
            Release = HostFacts.KernelRelease,
            Kernel = KernelVersion.OfThisHost(),
            Segmentation = segmentation,
            CanSteer = HostTrials.CanSteer(),
            HasIoUring = HostTrials.HasIoUring(),
            IoUringDisabled = ProcText.Read("/proc/sys/kernel/io_uring_disabled")?.Trim(),
            IsClockSynchronised = HostFacts.IsClockSynchronised,
        };
    }

    // This process may have more privileges than the relay.
    [SupportedOSPlatform("linux")]
    private static (int Receive, int Send)? Buffers(PrivilegeState? relay)
    {
        long? receive = ProcSurvey.Number("/proc/sys/net/core/rmem_max");
        long? send = ProcSurvey.Number("/proc/sys/net/core/wmem_max");
        return relay is { HasNetAdmin: false } && receive is not null && send is not null
            ? ((int)Math.Min(receive.Value, ListenPlan.Buffer), (int)Math.Min(send.Value, ListenPlan.Buffer))
            : HostTrials.Buffers(ListenPlan.Buffer);
    }
}
