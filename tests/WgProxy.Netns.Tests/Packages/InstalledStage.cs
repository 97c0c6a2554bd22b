namespace WgProxy.Netns.Tests.Packages;

/// <summary>A client on IPv4, a server on IPv6, an echo responder inside the tunnel, and between them a host with a real systemd, on which the
/// package is installed or is to be.</summary>
internal sealed class InstalledStage : IDisposable
{
    /// <summary>The file that configures the service.</summary>
    public const string Configuration = "/etc/wgproxy/wgproxy.conf";

    private readonly Topology _topology = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-installed-").FullName;
    private Host _clientHost = null!;
    private WireGuardInterface _server = null!;

    private InstalledStage()
    {
    }

    /// <summary>The host between them.</summary>
    public SystemdHost Host { get; private set; } = null!;

    /// <summary>The client.</summary>
    public WireGuardInterface Client { get; private set; } = null!;

    /// <summary>What answers inside the tunnel.</summary>
    public EchoResponder Responder { get; private set; } = null!;

    /// <summary>A folder for the test's own files.</summary>
    public string Folder => _folder;

    /// <summary>The server's public key, as its operator reads it.</summary>
    public string PublicKey => _server.Key.Public;

    /// <summary>The client's address, as the relay sees it.</summary>
    public string ClientAddress => _clientHost.Address(AddressFamily.InterNetwork).ToString();

    /// <summary>Where the server is.</summary>
    public string Endpoint { get; private set; } = "";

    /// <summary>Sets the stage, and boots the host.</summary>
    /// <param name="debian">A folder with a whole Debian, on which nothing is installed yet; null for this machine's files with the package's over
    /// them.</param>
    public static async Task<InstalledStage> StartAsync(string? debian = null)
    {
        InstalledStage stage = new();
        try
        {
            Topology topology = stage._topology;
            stage._clientHost = topology.Add("client");
            Host serverHost = topology.Add("server");
            stage.Client = await WireGuardInterface.StartAsync(topology, stage._clientHost, "10.99.0.2");
            stage._server = await WireGuardInterface.StartAsync(topology, serverHost, "10.99.0.1", Tunnel.Port);
            stage._server.AddPeer(stage.Client);
            stage.Responder = topology.Own(new EchoResponder(stage._server));
            stage.Endpoint = $"[{serverHost.Address(AddressFamily.InterNetworkV6)}]:{Tunnel.Port}";
            if (debian is null)
            {
                DebianPackage.Unpack(stage._folder);
            }

            stage.Host = topology.Own(debian is null
                ? await SystemdHost.BootWithAsync(stage._folder, topology.Relay)
                : await SystemdHost.BootDebianAsync(debian, topology.Relay));
            return stage;
        }
        catch
        {
            stage.Dispose();
            throw;
        }
    }

    /// <summary>Edits the configuration file as the manual says: three lines lose their mark, and two of them get a value.</summary>
    public void FillIn() => Host.Shell(FillInScript());

    /// <summary>The same, for a shell on the host.</summary>
    public string FillInScript() => $"""
        sed -i -e 's/^#\[Server\]/[Server]/' \
            -e 's/^#Endpoint = .*/Endpoint = {Endpoint}/' \
            -e '0,/^#PublicKey = .*/s||PublicKey = {PublicKey}|' {Configuration}
        """;

    /// <summary>Sends echoes through the relay, after the first of them has come back.</summary>
    public async Task<ProbeStream> ConnectAsync()
    {
        Client.AddPeer(_server, new IPEndPoint(_clientHost.Relay(AddressFamily.InterNetwork), Tunnel.Port));
        ProbeStream stream = new(Client, Responder, perSecond: 10);
        await Eventually.TrueAsync(() => stream.Arrived > 5, TimeSpan.FromSeconds(30), () => $"first echoes\n{Lines()}");
        return stream;
    }

    /// <summary>Has the client begin its tunnel anew.</summary>
    public void ShakeHands()
    {
        Client.RemovePeer(_server);
        Client.AddPeer(_server, new IPEndPoint(_clientHost.Relay(AddressFamily.InterNetwork), Tunnel.Port));
    }

    /// <summary>Awaits further echoes.</summary>
    public Task GoesOnAsync(ProbeStream stream, TimeSpan within)
    {
        int arrived = stream.Arrived;
        return Eventually.TrueAsync(() => stream.Arrived > arrived + 10, within, () => $"further echoes\n{Lines()}");
    }

    /// <summary>What the service has said, where it has no journal.</summary>
    public string Lines() => File.Exists(Host.Lines) ? File.ReadAllText(Host.Lines) : Host.Shell("journalctl --no-pager --output=cat --unit=wgproxy || true");

    /// <summary>Awaits that the service has said something so often.</summary>
    public Task SaysAsync(string part, int times = 1) => Eventually.TrueAsync(
        () => Lines().Split('\n').Count(line => line.Contains(part, StringComparison.Ordinal)) >= times, TimeSpan.FromSeconds(30), Lines);

    /// <inheritdoc/>
    public void Dispose()
    {
        _topology.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
