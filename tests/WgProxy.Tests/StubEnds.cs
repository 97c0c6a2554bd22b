using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;

namespace WgProxy.Tests;

/// <summary>A client and a server on loopback that know no keys, for a relay that runs as a process between them.</summary>
internal sealed class StubEnds : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly UdpClient _server = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly UdpClient _client = new(new IPEndPoint(IPAddress.Loopback, 0));

    /// <summary>The server's address, as the relay is told it.</summary>
    public string Server => _server.Client.LocalEndPoint!.ToString()!;

    public void Dispose()
    {
        _server.Dispose();
        _client.Dispose();
    }

    /// <summary>The relay's upstream socket, as the server saw it last.</summary>
    public IPEndPoint? Upstream { get; private set; }

    /// <summary>Awaits that data passes both ways, the server's first: it is sent to the port that the server knows.</summary>
    /// <param name="relay">Where the relay listens.</param>
    /// <param name="isSilent">Whether the client is silent until it hears the server.</param>
    public async Task GoOnAsync(IPEndPoint relay, bool isSilent = true)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        byte[] down = WireMessages.Transport(1);
        byte[] up = WireMessages.Transport(2);
        Task<UdpReceiveResult> heard = ReceiveAsync(_client, down);
        if (isSilent)
        {
            do
            {
                await _server.SendAsync(down, Upstream!, cancel);
            }
            while (await Task.WhenAny(heard, Task.Delay(Pause, cancel)) != heard);
            Assert.Equal(relay, (await heard).RemoteEndPoint);
        }

        Task<UdpReceiveResult> arrived = ReceiveAsync(_server, up);
        do
        {
            await _client.SendAsync(up, relay, cancel);
        }
        while (await Task.WhenAny(arrived, Task.Delay(Pause, cancel)) != arrived);
        Upstream = (await arrived).RemoteEndPoint;
    }

    /// <summary>Awaits that an initiation, its response and a transport message pass, each unchanged.</summary>
    /// <param name="relay">Where the relay listens.</param>
    /// <param name="again">Whether the initiation is sent again until it arrives: for a relay that cannot say when it is ready.</param>
    public async Task TalkAsync(IPEndPoint relay, bool again = false)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        byte[] initiation = WireMessages.Initiation(Keys.Route().Mac1, 1);
        byte[] response = WireMessages.Response(2, 1);
        byte[] transport = WireMessages.Transport(2);

        Task<UdpReceiveResult> asked = ReceiveAsync(_server, initiation);
        do
        {
            await _client.SendAsync(initiation, relay, cancel);
        }
        while (again && await Task.WhenAny(asked, Task.Delay(Pause, cancel)) != asked);

        Upstream = (await asked).RemoteEndPoint;
        await _server.SendAsync(response, Upstream, cancel);
        Assert.Equal(relay, (await ReceiveAsync(_client, response)).RemoteEndPoint);
        await _client.SendAsync(transport, relay, cancel);
        _ = await ReceiveAsync(_server, transport);
    }

    // Passes over what else arrives: an initiation that was sent again.
    private static async Task<UdpReceiveResult> ReceiveAsync(UdpClient end, byte[] awaited)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        while (true)
        {
            UdpReceiveResult received = await end.ReceiveAsync(patience.Token);
            if (received.Buffer.AsSpan().SequenceEqual(awaited))
            {
                return received;
            }
        }
    }
}
