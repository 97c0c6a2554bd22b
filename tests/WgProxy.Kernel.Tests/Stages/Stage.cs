namespace WgProxy.Kernel.Tests.Stages;

/// <summary>
/// A client and a server in namespaces of the guest, and between them, on the host, a namespace in which the relay runs or
/// which forwards:
/// <code>
///   guest: client ──net0── [ middle: relay, or forwarding ] ──net0── guest: server
///
///   client's link: 10.100.N.0/24 and fd64:N::/64; server's link: 10.200.N.0/24 and fdc8:N::/64; the middle has .1 and ::1
/// </code>
/// </summary>
internal sealed class Stage : IAsyncDisposable
{
    public const int Port = 51820;
    private readonly Machine _machine;
    private StageRelay? _relay;

    private Stage(Machine machine, Way way, int number, GuestShell client, GuestShell server)
    {
        _machine = machine;
        Way = way;
        Number = number;
        Middle = new Namespace();
        Client = new KernelPeer("client", client, number, isServer: false);
        Server = new KernelPeer("server", server, number, isServer: true);
    }

    public Way Way { get; }

    public int Number { get; }

    /// <summary>The namespace between the two ends.</summary>
    public Namespace Middle { get; }

    public KernelPeer Client { get; }

    public KernelPeer Server { get; }

    /// <summary>The relay; only where there is one.</summary>
    public StageRelay Relay => _relay ?? throw new InvalidOperationException("the control has no relay");

    /// <summary>Where the client finds its server: at the relay, or without one at the server itself.</summary>
    public IPEndPoint Front(AddressFamily family) => new(
        Way == Way.Control ? Server.Address(family) : Client.Gateway(family), Port);

    /// <summary>A client and a server that know each other. The relay asks the server by this family.</summary>
    public static async Task<Stage> SetAsync(
        Machine machine, Way way, AddressFamily serverSide = AddressFamily.InterNetworkV6, AddressFamily clientSide = AddressFamily.InterNetwork)
    {
        (GuestShell client, GuestShell server) = await machine.TakeShellsAsync();
        Stage stage = new(machine, way, machine.NextStage(), client, server);
        try
        {
            stage.Wire();
            await Task.WhenAll(stage.Client.SetUpAsync(), stage.Server.SetUpAsync());
            if (way != Way.Control)
            {
                stage._relay = await StageRelay.StartAsync(
                    stage.Middle, way, new IPEndPoint(stage.Server.Address(serverSide), Port), stage.Server.Key.Public);
            }

            await stage.Server.AddPeerAsync(stage.Client);
            await stage.Client.AddPeerAsync(stage.Server, stage.Front(clientSide));
            return stage;
        }
        catch
        {
            await stage.DisposeAsync();
            throw;
        }
    }

    /// <summary>The client awaits an echo of its server through the tunnel; tells how long it took.</summary>
    public Task<TimeSpan> ClientEchoAsync(AddressFamily family = AddressFamily.InterNetwork) => Client.EchoAsync(Server.Inner(family));

    /// <summary>The server awaits an echo of its client through the tunnel; tells how long it took.</summary>
    public Task<TimeSpan> ServerEchoAsync(AddressFamily family = AddressFamily.InterNetwork) => Server.EchoAsync(Client.Inner(family));

    /// <summary>Ends the relay, and starts one for this server.</summary>
    public async Task ReplaceRelayAsync(IPEndPoint server, string publicKey)
    {
        if (_relay != null)
        {
            await _relay.StopAsync();
            _relay.Dispose();
            _relay = await StageRelay.StartAsync(Middle, Way, server, publicKey);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _relay?.Dispose();
        try
        {
            await Task.WhenAll(Client.TearDownAsync(), Server.TearDownAsync());
        }
        finally
        {
            _machine.Return(Client.Shell, Server.Shell);
            Middle.Dispose();
        }
    }

    private void Wire()
    {
        Command.RunWithInput(
            $"""
            link add c{Number} type veth peer name client netns {Middle.Name}
            link add s{Number} type veth peer name server netns {Middle.Name}
            link set c{Number} master clients
            link set s{Number} master servers
            link set c{Number} up
            link set s{Number} up
            """,
            "ip", "-n", _machine.Wires.Name, "-batch", "-");
        Command.RunWithInput(
            $"""
            addr add {Client.Gateway(AddressFamily.InterNetwork)}/24 dev client
            addr add {Client.Gateway(AddressFamily.InterNetworkV6)}/64 dev client nodad
            addr add {Server.Gateway(AddressFamily.InterNetwork)}/24 dev server
            addr add {Server.Gateway(AddressFamily.InterNetworkV6)}/64 dev server nodad
            link set client up
            link set server up
            """,
            "ip", "-n", Middle.Name, "-batch", "-");
        if (Way == Way.Control)
        {
            Middle.WriteSysctl("net/ipv4/ip_forward", "1");
            Middle.WriteSysctl("net/ipv6/conf/all/forwarding", "1");
        }
    }
}
