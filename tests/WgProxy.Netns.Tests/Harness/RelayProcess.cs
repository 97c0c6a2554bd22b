using System.Globalization;
using System.Net;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>The real <c>wgproxy</c> in a namespace.</summary>
internal sealed class RelayProcess : IDisposable
{
    private readonly Child _process;
    private string? _openFiles;

    private RelayProcess(Child process) => _process = process;

    /// <summary>The binary under test: WGPROXY_BINARY, or the one built with these tests.</summary>
    public static string Binary { get; } =
        Environment.GetEnvironmentVariable("WGPROXY_BINARY") is { Length: > 0 } named
            ? Path.GetFullPath(named)
            : Path.Combine(AppContext.BaseDirectory, "wgproxy");

    /// <summary>The engine under test, as <c>WGPROXY_ENGINE</c> names it; the relay inherits the variable.</summary>
    public static string Engine { get; } = Environment.GetEnvironmentVariable("WGPROXY_ENGINE") is { Length: > 0 } named ? named : "linux";

    public bool HasExited => _process.HasExited;

    public string[] Lines => _process.Lines;

    public int Sockets => Directory.EnumerateFiles($"/proc/{_process.Id}/fd").Count(
        file => new FileInfo(file).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true);

    /// <summary>Resident memory in KiB.</summary>
    public long ResidentKiB => long.Parse(
        File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))[6..^2],
        CultureInfo.InvariantCulture);

    /// <summary>Starts a relay for this server and awaits that it listens and knows the server's address. An unprivileged one
    /// lacks CAP_NET_ADMIN and CAP_NET_RAW: it gets the buffers that net.core.rmem_max and wmem_max grant to anybody.</summary>
    /// <remarks><c>through</c> is a program that starts it, in its own place. With <c>waitsFor</c>, a locked file, it begins when the process
    /// ends that has locked it, as early as a service manager would start it; with <c>isActivated</c> too, systemd-socket-activate begins then.</remarks>
    public static async Task<RelayProcess> StartAsync(
        Topology topology, IPEndPoint server, string publicKey, int port = 51820, Namespace? space = null, int? workers = null, IPAddress? listen = null,
        string? through = null, bool unprivileged = false, string? waitsFor = null, bool isActivated = false,
        params (string Name, string Value)[] variables)
    {
        Child process = topology.Own(Start(
            space ?? topology.Relay, server, publicKey, port, workers, listen, through, unprivileged, waitsFor, command: null, isActivated, variables));
        await process.LineAsync(line => line.Contains(" is at ", StringComparison.Ordinal), "server resolved");
        return new RelayProcess(process);
    }

    /// <summary>Starts a relay that may refuse to start.</summary>
    public static Child Start(
        Namespace space, IPEndPoint server, string publicKey, int port = 51820, int? workers = null, IPAddress? listen = null,
        string? through = null, bool unprivileged = false, string? waitsFor = null, string? command = null, bool isActivated = false,
        params (string Name, string Value)[] variables)
    {
        string[] activation = !isActivated ? [] :
        [
            "systemd-socket-activate", "--datagram", $"--listen={new IPEndPoint(listen ?? IPAddress.Any, port)}",
            .. ((string[])["WGPROXY_LISTEN", "WGPROXY_LOGLEVEL", "WGPROXY_SERVER", "WGPROXY_PUBKEY", "WGPROXY_ENGINE", .. variables.Select(each => each.Name)])
                .Select(name => $"--setenv={name}"),
        ];
        string[] start = waitsFor is not null ? ["sh", "-c", "flock \"$0\" true; exec \"$@\"", waitsFor, .. activation, Binary] : unprivileged ? ["setpriv", "--bounding-set", "-net_admin,-net_raw", "--inh-caps", "-net_admin,-net_raw", Binary] : through is null ? [Binary] : [through, Binary];
        return space.Start(
            $"wgproxy on port {port}",
            start[0],
            [.. start[1..], .. command is null ? [] : (string[])[command], .. workers is null ? [] : (string[])["--workers", $"{workers}"]],
            [
                ("WGPROXY_LISTEN", new IPEndPoint(listen ?? IPAddress.IPv6Any, port).ToString()),
                ("WGPROXY_LOGLEVEL", "2"),
                ("WGPROXY_SERVER", server.ToString()),
                ("WGPROXY_PUBKEY", publicKey),
                .. variables,
            ]);
    }

    /// <summary>Starts a relay for a server that the operator calls so, and awaits that it listens; and that it knows where the
    /// server is, unless it cannot.</summary>
    public static async Task<RelayProcess> StartNamedAsync(Topology topology, string server, string publicKey, bool isResolved = true)
    {
        const int port = 51820;
        Child process = topology.Own(topology.Relay.Start(
            $"wgproxy for {server}",
            Binary,
            [],
            ("WGPROXY_SERVER", server),
            ("WGPROXY_PUBKEY", publicKey),
            ("WGPROXY_LISTEN", $"[::]:{port}"),
            ("WGPROXY_LOGLEVEL", "2")));
        RelayProcess relay = new(process);
        await relay.SaysAsync(isResolved ? " is at " : " relays from ");
        return relay;
    }

    /// <summary>Starts a relay by a configuration file, and awaits that it knows where so many servers are.</summary>
    public static async Task<RelayProcess> StartConfiguredAsync(Topology topology, string file, int resolved, Namespace? space = null)
    {
        Child process = topology.Own((space ?? topology.Relay).Start($"wgproxy by {file}", Binary, ["--config", file]));
        await Eventually.TrueAsync(
            () => process.Lines.Count(line => line.Contains(" is at ", StringComparison.Ordinal)) == resolved, TimeSpan.FromSeconds(20), process.Tail);
        return new RelayProcess(process);
    }

    /// <summary>Lets the relay read its file again.</summary>
    public void HangUp() => _process.Signal(Libc.SIGHUP);

    /// <summary>Starts a relay for a server of which only these peers have tunnels.</summary>
    public static Task<RelayProcess> StartWithPeersAsync(Topology topology, IPEndPoint server, string publicKey, params (string Name, string Key)[] peers) =>
        StartWithLinesAsync(
            topology, server, publicKey, $"PeersOnly = yes\n{string.Concat(peers.Select(peer => $"[Peer]\nName = {peer.Name}\nPublicKey = {peer.Key}\n"))}");

    /// <summary>Starts a relay by a file with one server.</summary>
    /// <remarks><c>lines</c> follow those of the server's section that name it.</remarks>
    public static async Task<RelayProcess> StartWithLinesAsync(Topology topology, IPEndPoint server, string publicKey, string lines)
    {
        string file = Path.Combine(Path.GetTempPath(), $"wgproxy-lines-{Guid.NewGuid():N}.conf");
        await File.WriteAllTextAsync(file, $"[Relay]\nListen = [::]:51820\n[Server]\nEndpoint = {server}\nPublicKey = {publicKey}\n{lines}\n");
        try
        {
            return await StartConfiguredAsync(topology, file, resolved: 1);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Awaits a line of the relay's, for as long as a resolver may take.</summary>
    public Task SaysAsync(string part) => Eventually.TrueAsync(
        () => Lines.Any(line => line.Contains(part, StringComparison.Ordinal)), TimeSpan.FromSeconds(60), () => $"\"{part}\" after\n{_process.Tail()}");

    /// <summary>Asks the relay what it sees.</summary>
    public async Task<RelayStatus> StatusAsync()
    {
        int from = _process.Lines.Length;
        _process.Signal(Libc.SIGUSR1);
        return RelayStatus.Parse(await _process.LineAsync(
            line => line.Contains(" status: ", StringComparison.Ordinal), "a status line", from));
    }

    /// <summary>The same for conditions and reports, which cannot await.</summary>
    public RelayStatus Status() => StatusAsync().GetAwaiter().GetResult();

    /// <summary>Names of its threads: each engine has its own.</summary>
    public string[] Threads =>
        [.. Directory.EnumerateDirectories($"/proc/{_process.Id}/task").Select(thread => File.ReadAllText($"{thread}/comm").Trim())];

    /// <summary>Lets the relay open no file more; or as many as before, if <paramref name="none"/> is false.</summary>
    public void LimitOpenFiles(bool none)
    {
        string[] before = Command.Run("prlimit", "--pid", $"{_process.Id}", "--nofile", "--noheadings", "--raw", "--output", "SOFT,HARD").Split();
        _openFiles ??= before[0];
        Command.Run("prlimit", "--pid", $"{_process.Id}", $"--nofile={(none ? "3" : _openFiles)}:{before[1]}");
    }

    /// <summary>Lets the process stand still.</summary>
    public void Pause() => _process.Signal(Libc.SIGSTOP);

    /// <summary>Lets it go on.</summary>
    public void Resume() => _process.Signal(Libc.SIGCONT);

    /// <summary>Ends the process by a signal, whatever its exit code, and awaits the end.</summary>
    public Task EndAsync(int signal)
    {
        _process.Signal(signal);
        return _process.ExitAsync(TimeSpan.FromSeconds(10));
    }

    /// <summary>Stops the relay as systemd does and asserts that it agreed.</summary>
    public async Task StopAsync()
    {
        _process.Signal(Libc.SIGTERM);
        int code = await _process.ExitAsync(TimeSpan.FromSeconds(10));
        Assert.True(code == 0, $"exit code {code} after SIGTERM\n{_process.Tail()}");
    }

    public void Dispose() => _process.Dispose();
}
