using System.Text;
using static WgProxy.Diagnosis.Severity;

namespace WgProxy.Diagnosis;

/// <summary>Every kind of finding. What doctor says and the table in docs/troubleshooting.md both come from these rows.</summary>
internal static class FindingKinds
{
    // The first field, because each row below adds itself.
    private static readonly List<FindingKind> List = [];

    public static readonly FindingKind RelayRuns = Add(Ok, "relay-runs", "{program} listens on UDP port {port}");
    public static readonly FindingKind RelayDown = Add(
        Note, "relay-down", "no program listens on UDP port {port}: the relay does not run here", "systemctl start wgproxy");
    public static readonly FindingKind RelayAwaited = Add(
        Note, "relay-awaited", "systemd keeps UDP port {port} open, and no relay runs: datagrams wait there", "systemctl start wgproxy");
    public static readonly FindingKind PortTaken = Add(
        Problem, "port-taken", "UDP port {port} is held by {program}, which is no relay", "stop {program}, or give the relay another port by --listen");
    public static readonly FindingKind PortShared = Add(
        Problem, "port-shared", "UDP port {port} is held by several programs, each of which gets some of the datagrams: {programs}", "end all of them but one: kill {others}");
    public static readonly FindingKind PortForbidden = Add(
        Problem, "port-forbidden", "the system does not let this user listen on {listen}: {reason}", "setcap cap_net_bind_service=ep $(command -v wgproxy)");
    public static readonly FindingKind AddressMissing = Add(
        Problem, "listen-address-missing", "this host does not have the address {address}, on which the relay is to listen", "ip address add {address} dev INTERFACE, or set --listen [::]:{port}");
    public static readonly FindingKind ListenRefused = Add(
        Problem, "listen-refused", "the system refuses to listen on {listen}: {reason}", "set --listen to an address of this host (ip address)");
    public static readonly FindingKind PortHandedOut = Add(
        Warning,
        "port-handed-out",
        "the system may give UDP port {port} to any program before the relay starts: its range is {first} to {last}",
        "sysctl -w net.ipv4.ip_local_reserved_ports={reserved}");
    public static readonly FindingKind PortKept = Add(Ok, "port-kept", "the system gives UDP port {port} to no program that asks for any port");

    public static readonly FindingKind BuffersSmall = Add(
        Warning,
        "buffers-small",
        "the system grants a receive buffer of {receive} and a send buffer of {send} bytes instead of {wanted}: bursts may be lost",
        "sysctl -w net.core.rmem_max={wanted} net.core.wmem_max={wanted}");
    public static readonly FindingKind BuffersGranted = Add(Ok, "buffers-granted", "the system grants socket buffers of {wanted} bytes");
    public static readonly FindingKind PortOverflowed = Add(
        Warning,
        "port-overflowed",
        "{count} datagrams were dropped at UDP port {port}, because the relay's receive buffer was full",
        "sysctl -w net.core.rmem_max={wanted}, and restart the relay; if it grows again, give it more processors");
    public static readonly FindingKind HostOverflowed = Add(
        Note,
        "host-overflowed",
        "{count} datagrams were dropped at full receive buffers of all programs of this host since it started (RcvbufErrors)",
        "nstat -az UdpRcvbufErrors Udp6RcvbufErrors shows whether it grows");

    public static readonly FindingKind FirewallDrops = Add(
        Problem, "firewall-drops", "{family} table {table}, chain {chain} drops {what}", "nft insert rule {family} {table} {chain} {match} accept");
    public static readonly FindingKind FirewallRedirects = Add(
        Problem, "firewall-redirects", "{family} table {table}, chain {chain} sends {what} to another port or host", "nft insert rule {family} {table} {chain} {match} return");
    public static readonly FindingKind FirewallMayDrop = Add(
        Note, "firewall-may-drop", "{family} table {table}, chain {chain} drops some of {what}, by conditions that doctor cannot judge", "nft insert rule {family} {table} {chain} {match} accept");
    public static readonly FindingKind FirewallMayRedirect = Add(
        Note, "firewall-may-redirect", "{family} table {table}, chain {chain} sends some of {what} to another port or host", "nft list table {family} {table}");
    public static readonly FindingKind FirewallPasses = Add(Ok, "firewall-passes", "none of the {count} rules of nftables drops or redirects what the relay receives and sends");

    public static readonly FindingKind FlowsDropped = Add(
        Problem, "flows-dropped", "connection tracking has dropped {count} packets because its table was full", "sysctl -w net.netfilter.nf_conntrack_max={more}");
    public static readonly FindingKind FlowsNearlyFull = Add(
        Warning, "flows-nearly-full", "connection tracking holds {count} flows of {most}: a flood from many sources fills it", "sysctl -w net.netfilter.nf_conntrack_max={more}");
    public static readonly FindingKind FlowsForgotten = Add(
        Warning,
        "flows-forgotten",
        "connection tracking forgets a flow after {seconds} s of silence, and the relay keeps an idle tunnel for {timeout} s: in between, a firewall may drop what the server sends",
        "sysctl -w net.netfilter.nf_conntrack_udp_timeout_stream={timeout}");
    public static readonly FindingKind FlowsTracked = Add(
        Note, "flows-tracked", "the kernel tracks the flow of each client, for {family} table {table}, chain {chain}: it holds {count} of {most} flows", "nothing, while there is room; floods fill this table first");
    public static readonly FindingKind FlowsUntracked = Add(Ok, "flows-untracked", "no rule makes the kernel track the flows of clients");

    public static readonly FindingKind PathMissing = Add(
        Problem, "path-missing", "this host cannot send to {server} at {address}: {reason}", "ip route add {host} via GATEWAY (ip route get {host} shows what is missing)");
    public static readonly FindingKind PathPartly = Add(
        Note, "path-partly", "this host cannot send to {server} at {address}: {reason}; it uses another address of the server", "ip route add {host} via GATEWAY, or --prefer the other IP version");
    public static readonly FindingKind PathNarrow = Add(
        Warning,
        "path-narrow",
        "packets to {server} at {address} may have {mtu} bytes: datagrams of clients with an MTU above {client} are cut into fragments, or lost",
        "MTU = {client} in [Interface] of the clients");
    public static readonly FindingKind PathTooNarrow = Add(
        Problem,
        "path-too-narrow",
        "packets to {server} at {address} may have {mtu} bytes: IPv6 in a tunnel needs {least}",
        "ip link set dev INTERFACE mtu {least} (ip route get {host} names the interface and the route)");
    public static readonly FindingKind PathFound = Add(Ok, "path-found", "this host sends to {server} at {address} from {source}, in packets of up to {mtu} bytes");

    public static readonly FindingKind NameUnknown = Add(
        Problem, "name-unknown", "{server} cannot be resolved: {reason}", "getent ahosts {host} must print an address: mend /etc/resolv.conf, or name the server by its address");
    public static readonly FindingKind NameUnusable = Add(
        Problem, "name-unusable", "{server} resolves to {address}, and {reason}", "mend the record in DNS, or in /etc/hosts; getent ahosts {host} shows it");
    public static readonly FindingKind NameIsRelay = Add(
        Problem, "name-is-relay", "{server} resolves to {address}, where this relay itself listens", "set --server to an address at which the WireGuard server is");
    public static readonly FindingKind NameSlow = Add(
        Warning, "name-slow", "the look-up of {server} took {seconds} s: a DNS server does not answer", "remove the silent nameserver from /etc/resolv.conf");
    public static readonly FindingKind NameFound = Add(Ok, "name-found", "{server} is at {addresses}");

    public static readonly FindingKind FamilyMissing = Add(
        Note, "family-missing", "this host has no {family} address that others reach: clients that have only {family} cannot use the relay", "ip address add ADDRESS dev INTERFACE, or ask the provider for {family}");
    public static readonly FindingKind IPv6Disabled = Add(
        Note, "ipv6-disabled", "IPv6 is disabled on this host: the relay serves IPv4 clients, and reaches IPv4 servers", "sysctl -w net.ipv6.conf.all.disable_ipv6=0");
    public static readonly FindingKind FamiliesThere = Add(Ok, "families-there", "clients can reach this host by {families}");

    public static readonly FindingKind FilesFew = Add(
        Warning, "files-few", "{who} may open {files} files, which allows {mappings} mappings instead of {wanted}", "LimitNOFILE={enough} in [Service] of the unit (systemctl edit wgproxy), or ulimit -n {enough}");
    public static readonly FindingKind PortsFew = Add(
        Warning, "ports-few", "there are {ports} upstream ports, which allow {mappings} mappings instead of {wanted}", "sysctl -w net.ipv4.ip_local_port_range=\"16384 60999\", or set --upstream-ports");
    public static readonly FindingKind RoomThere = Add(Ok, "room-there", "there is room for {mappings} mappings: {ports} upstream ports, {files} open files");

    public static readonly FindingKind MarkForbidden = Add(
        Problem, "mark-forbidden", "{who} may not set the mark {mark}: it has neither CAP_NET_ADMIN nor CAP_NET_RAW", "AmbientCapabilities=CAP_NET_RAW in [Service] of the unit (systemctl edit wgproxy)");
    public static readonly FindingKind PrivilegesFew = Add(
        Note, "privileges-few", "{who} has no CAP_NET_ADMIN: its socket buffers end at net.core.rmem_max and wmem_max, and it can set no mark", "nothing, unless it needs these; else AmbientCapabilities=CAP_NET_ADMIN in the unit");
    public static readonly FindingKind PrivilegesEnough = Add(Ok, "privileges-enough", "{who} has CAP_NET_ADMIN");

    public static readonly FindingKind JoinedBroken = Add(
        Problem, "joined-broken", "joined datagrams arrive on loopback otherwise than they were sent (GSO, GRO)", "set --offload off, and report the kernel {release}");
    public static readonly FindingKind JoinedRefused = Add(
        Note, "joined-refused", "the kernel {release} does not take joined datagrams ({reason}): the relay sends each by itself", "install Linux 5.12 or newer");
    public static readonly FindingKind JoinedNot = Add(
        Note, "joined-not", "the kernel {release} does not join datagrams on receiving (GRO), or in a way that loses their lengths: each costs a receive", "install Linux 5.12 or newer");
    public static readonly FindingKind TrainsCorrupted = Add(
        Note, "trains-corrupted", "the kernel {release} sends joined datagrams of equal length with a wrong length or checksum: the relay works around it, at some cost", "install Linux 7.1.5 or newer");
    public static readonly FindingKind JoinedWorks = Add(Ok, "joined-works", "joined datagrams pass loopback unchanged (GSO, GRO)");
    public static readonly FindingKind IoUringRefused = Add(
        Note, "io-uring-refused", "the system refuses io_uring: each send by another socket costs a call", "{mend}");
    public static readonly FindingKind SteeringRefused = Add(
        Warning, "steering-refused", "the system refuses to choose among the sockets of a port (SO_ATTACH_REUSEPORT_CBPF), which the linux engine needs", "allow it in the sandbox, or set --engine portable");
    public static readonly FindingKind KernelParts = Add(Ok, "kernel-parts", "the kernel {release} has steering and io_uring");
    public static readonly FindingKind EnginePortable = Add(
        Note, "engine-portable", "the portable engine is chosen: it is slower, and uses neither joined datagrams nor steering", "set --engine linux");

    public static readonly FindingKind ClockWrong = Add(
        Warning, "clock-wrong", "the clock says {date}, before this program was made: records of a restart and times in logs are wrong", "timedatectl set-ntp true");
    public static readonly FindingKind ClockAlone = Add(Note, "clock-alone", "nothing keeps the clock of this host right (NTP)", "timedatectl set-ntp true");
    public static readonly FindingKind ClockRight = Add(Ok, "clock-right", "the clock is synchronised");

    public static readonly FindingKind FleetStoreFails = Add(
        Problem, "fleet-store-fails", "the fleet's store {store} takes no records: {reason}", "redis-cli -u {store} PING must say PONG: mend the store, or Store and PasswordFile in [Fleet]");
    public static readonly FindingKind FleetStoreReplica = Add(
        Problem, "fleet-store-replica", "the fleet's store {store} is a replica: it takes no records", "set Store in [Fleet] to the primary (redis-cli INFO replication names it)");
    public static readonly FindingKind FleetStoreKeeps = Add(
        Warning, "fleet-store-keeps", "the fleet's store {store} refuses new records when its memory is full (noeviction)", "redis-cli CONFIG SET maxmemory-policy volatile-ttl");
    public static readonly FindingKind FleetStoreUnbounded = Add(
        Note, "fleet-store-unbounded", "the fleet's store {store} may take all memory of its host", "redis-cli CONFIG SET maxmemory 2gb, and maxmemory-policy volatile-ttl");
    public static readonly FindingKind FleetStoreTakes = Add(Ok, "fleet-store-takes", "the fleet's store {store} takes records");
    public static readonly FindingKind FleetClockDiffers = Add(
        Note, "fleet-clock-differs", "the fleet's store is {seconds} s {side} this host: records carry the store's time, and one of the two clocks is wrong", "timedatectl set-ntp true");

    public static readonly FindingKind ServerNotNamed = Add(
        Note, "server-not-named", "no server is named: names and paths were not examined", "wgproxy doctor --config FILE, or set --server and --public-key as the relay has them");

    /// <summary>The rows, in the order in which they stand here.</summary>
    public static IReadOnlyList<FindingKind> All => List;

    /// <summary>The rows as a Markdown table, as docs/troubleshooting.md shows it.</summary>
    public static string ToMarkdown()
    {
        StringBuilder table = new("| Name | Severity | What doctor says | The line that mends it |\n| --- | --- | --- | --- |\n");
        foreach (FindingKind kind in List)
        {
            string mend = kind.Mend.Length == 0 ? string.Empty : $"`{kind.Mend}`";
            _ = table.Append($"| `{kind.Name}` | {kind.Severity.ToString().ToLowerInvariant()} | `{kind.Text}` | {mend} |\n");
        }

        return table.ToString();
    }

    private static FindingKind Add(Severity severity, string name, string text, string mend = "")
    {
        FindingKind kind = new(severity, name, text, mend);
        List.Add(kind);
        return kind;
    }
}
