using System.Globalization;

namespace WgProxy.Kernel.Tests.Stages;

/// <summary>One end of a tunnel: a namespace of the guest with a link and the kernel's WireGuard.</summary>
internal sealed class KernelPeer
{
    public const string Wg = "wg0";
    private readonly int _stage;
    private readonly bool _isServer;

    public KernelPeer(string role, GuestShell shell, int stage, bool isServer)
    {
        Role = role;
        Shell = shell;
        _stage = stage;
        _isServer = isServer;
    }

    public string Role { get; }

    public GuestShell Shell { get; }

    public WireGuardKey Key { get; set; } = WireGuardKey.New();

    /// <summary>Name of the namespace, in the guest.</summary>
    public string Space => $"{(_isServer ? 's' : 'c')}{_stage}";

    /// <summary>The address inside the tunnel.</summary>
    public IPAddress Inner(AddressFamily family) => IPAddress.Parse(
        $"{(family == AddressFamily.InterNetwork ? "10.99.0." : "fd99::")}{(_isServer ? 1 : 2)}");

    /// <summary>The address on the link; the first is .2.</summary>
    public IPAddress Address(AddressFamily family, int number = 0) => At(family, 2 + number);

    /// <summary>The address of the middle on this link: where the relay is found.</summary>
    public IPAddress Gateway(AddressFamily family) => At(family, 1);

    public Task<string> RunAsync(string script) => Shell.RunAsync(script);

    /// <summary>The namespace, its link, and a WireGuard interface without a peer.</summary>
    public async Task SetUpAsync()
    {
        string side = _isServer ? "servers" : "clients";
        await Shell.RunAsync(
            $"""
            ip -batch - <<end
            netns add {Space}
            link add {Space} type veth peer name net0 netns {Space}
            link set {Space} master {side}
            link set {Space} up
            end
            ip -n {Space} -batch - <<end
            link set lo up
            link set net0 up
            addr add {Address(AddressFamily.InterNetwork)}/24 dev net0
            addr add {Address(AddressFamily.InterNetworkV6)}/64 dev net0 nodad
            route add default via {Gateway(AddressFamily.InterNetwork)}
            route add default via {Gateway(AddressFamily.InterNetworkV6)}
            end
            """);
        await Shell.EnterAsync(Space);
        await MakeInterfaceAsync();
    }

    /// <summary>Makes the WireGuard interface, with key, port and addresses but without a peer.</summary>
    public Task<string> MakeInterfaceAsync() => RunAsync(
        $"""
        ip -batch - <<end
        link add {Wg} type wireguard
        addr add {Inner(AddressFamily.InterNetwork)}/24 dev {Wg}
        addr add {Inner(AddressFamily.InterNetworkV6)}/64 dev {Wg}
        end
        wg set {Wg} listen-port {Stage.Port} private-key <(echo {Key.Private})
        ip link set {Wg} up
        """);

    public Task<string> AddPeerAsync(KernelPeer other, IPEndPoint? endpoint = null, int keepalive = 0) => RunAsync(
        $"wg set {Wg} peer {other.Key.Public} allowed-ips {other.Inner(AddressFamily.InterNetwork)}/32,{other.Inner(AddressFamily.InterNetworkV6)}/128"
        + $" persistent-keepalive {keepalive}{(endpoint == null ? "" : $" endpoint {endpoint}")}");

    public Task<string> SetPortAsync(int port) => RunAsync($"wg set {Wg} listen-port {port}");

    public Task<string> SetEndpointAsync(KernelPeer other, IPEndPoint endpoint) =>
        RunAsync($"wg set {Wg} peer {other.Key.Public} endpoint {endpoint}");

    /// <summary>Where this end believes the other to be.</summary>
    public async Task<IPEndPoint> EndpointAsync() => IPEndPoint.Parse((await RunAsync($"wg show {Wg} endpoints")).Trim().Split('\t')[1]);

    /// <summary>Awaits a first echo from the other end, for a minute at most; tells how long it took.</summary>
    public async Task<TimeSpan> EchoAsync(IPAddress to)
    {
        string output = await Shell.RunAsync(
            $"echo $EPOCHREALTIME; ping -n -q -c 1 -i 0.2 -w 60 {to}; echo $EPOCHREALTIME", TimeSpan.FromSeconds(90));
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return TimeSpan.FromSeconds(double.Parse(lines[^1], CultureInfo.InvariantCulture) - double.Parse(lines[0], CultureInfo.InvariantCulture));
    }

    /// <summary>Sends echoes in a row until so many have come back; <c>ping</c> fails if they have not after a minute. How many
    /// are lost is the business of <see cref="Pings"/>.</summary>
    public Task<string> EchoAllAsync(IPAddress to, int count, int size = 56, string options = "") =>
        Shell.RunAsync($"ping -n -q -c {count} -i 0.05 -w 60 -s {size} {options} {to}");

    /// <summary>Removes the namespace and all in it.</summary>
    public async Task TearDownAsync()
    {
        if (!Shell.IsLost)
        {
            await Shell.LeaveAsync();
            await Shell.TryAsync($"for pid in $(ip netns pids {Space}); do kill -9 $pid; done; ip netns del {Space}");
        }
    }

    private IPAddress At(AddressFamily family, int end) => IPAddress.Parse(
        family == AddressFamily.InterNetwork
            ? $"10.{(_isServer ? 200 : 100)}.{_stage}.{end}"
            : $"{(_isServer ? "fdc8" : "fd64")}:{_stage:x}::{end:x}");
}
