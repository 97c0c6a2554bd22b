using WgProxy.Core.Protocol;

namespace WgProxy.Page.Tests;

/// <summary>A relay as a process, with two servers, clients with names, and traffic that goes on until the end.</summary>
internal sealed class Relay : IAsyncDisposable
{
    private const int FirstKey = 70;
    private static readonly string[] Peers = ["alice-phone", "bob-laptop", "carol-tablet"];

    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-page-").FullName;
    private readonly UdpClient _home = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly UdpClient _silent = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly List<UdpClient> _clients = [];
    private readonly CancellationTokenSource _end = new();
    private readonly int _port = FreePort();
    private RunningProgram _program;
    private Task _traffic = Task.CompletedTask;

    public Relay(bool showsSessions)
    {
        File.WriteAllText(
            ConfigFile,
            $"[Relay]\nListen = 127.0.0.1:0\nControl = {Socket}\nMetrics = 127.0.0.1:{_port}\n{(showsSessions ? "MetricsSessions = yes\n" : string.Empty)}"
            + $"[Server]\nName = home\nPublicKey = {Keys.TextOf(1)}\nEndpoint = {_home.Client.LocalEndPoint}\n"
            + string.Concat(Peers.Select((peer, i) => $"[Peer]\nName = {peer}\nPublicKey = {Keys.TextOf(FirstKey + i)}\n"))
            + $"[Server]\nName = office\nPublicKey = {Keys.TextOf(2)}\nEndpoint = {_silent.Client.LocalEndPoint}\n");
        _program = Start();
    }

    /// <summary>Where a browser finds the page.</summary>
    public Uri Address => new($"http://127.0.0.1:{_port}/");

    /// <summary>Its control socket.</summary>
    public string Socket => Path.Combine(_folder, "control.sock");

    /// <summary>Where the first client, alice-phone, sends from.</summary>
    public string FirstClient => _clients[0].Client.LocalEndPoint!.ToString()!;

    /// <summary>Waits until it answers, and lets its clients talk: three with the first server, and one in vain with the second.</summary>
    public async Task TalkAsync()
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        await _program.LineAsync("answers requests at ");
        await _program.LineAsync(" info server home (");
        IPEndPoint relay = await _program.ListeningAsync();
        List<IPEndPoint> upstream = [];
        for (uint i = 0; i < Peers.Length; i++)
        {
            UdpClient client = new(new IPEndPoint(IPAddress.Loopback, 0));
            _clients.Add(client);
            await client.SendAsync(WireMessages.Initiation(new Mac1(Keys.Parse(Keys.TextOf(1))), ClientIndex(i)), relay, stop);
            UdpReceiveResult asked = await _home.ReceiveAsync(stop).AsTask().WaitAsync(TimeSpan.FromSeconds(10), stop);
            Mac1 ofPeer = new(Keys.Parse(Keys.TextOf(FirstKey + (int)i)));
            await _home.SendAsync(WireMessages.Response(ServerIndex(i), ClientIndex(i), ofPeer), asked.RemoteEndPoint, stop);
            _ = await client.ReceiveAsync(stop).AsTask().WaitAsync(TimeSpan.FromSeconds(10), stop);
            upstream.Add(asked.RemoteEndPoint);
        }

        UdpClient inVain = new(new IPEndPoint(IPAddress.Loopback, 0));
        _clients.Add(inVain);
        await inVain.SendAsync(WireMessages.Initiation(OfSilent, 900), relay, stop);
        await inVain.SendAsync(new byte[] { 9, 9, 9 }, relay, stop);
        await inVain.SendAsync(WireMessages.Initiation(new Mac1(Keys.Parse(Keys.TextOf(3))), 901), relay, stop);
        _traffic = GoOnAsync(relay, upstream, _end.Token);
    }

    /// <summary>Ends the process, as a crash would.</summary>
    public void Kill() => _program.Dispose();

    /// <summary>Starts it again at the same place.</summary>
    public void StartAgain() => _program = Start();

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _traffic.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _program.Dispose();
        _clients.ForEach(client => client.Dispose());
        _home.Dispose();
        _silent.Dispose();
        _end.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static Mac1 OfSilent { get; } = new(Keys.Parse(Keys.TextOf(2)));

    private static uint ClientIndex(uint client) => 100 + client;

    private static uint ServerIndex(uint client) => 200 + client;

    private async Task GoOnAsync(IPEndPoint relay, List<IPEndPoint> upstream, CancellationToken stop)
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(20));
        for (uint turn = 1; await timer.WaitForNextTickAsync(stop); turn++)
        {
            if (turn % 250 == 0)
            {
                // WireGuard asks again after 5 s.
                await _clients[^1].SendAsync(WireMessages.Initiation(OfSilent, 900 + turn), relay, stop);
            }

            for (int i = 0; i < upstream.Count; i++)
            {
                await _clients[i].SendAsync(WireMessages.Transport(ServerIndex((uint)i), 400), relay, stop);
                await _home.SendAsync(WireMessages.Transport(ClientIndex((uint)i), 1_200), upstream[i], stop);
            }
        }
    }

    private string ConfigFile => Path.Combine(_folder, "wgproxy.conf");

    // The file says where the socket is, and a variable would go before it.
    private RunningProgram Start() => new(new Dictionary<string, string>(StringComparer.Ordinal) { ["WGPROXY_CONTROL"] = string.Empty }, "--config", ConfigFile);

    private static int FreePort()
    {
        using TcpListener probe = new(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
