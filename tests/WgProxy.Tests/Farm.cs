using System.Globalization;
using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Protocol;

namespace WgProxy.Tests;

/// <summary>Servers on this host that answer handshakes, and the configuration file that lists them as s1, s2, ….</summary>
internal sealed class Farm : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-farm-").FullName;
    private readonly UdpClient[] _servers;
    private readonly int[] _keys;
    

    public Farm(int servers)
    {
        _servers = [.. Enumerable.Range(0, servers).Select(_ => new UdpClient(new IPEndPoint(IPAddress.Loopback, 0)))];
        _keys = [.. Enumerable.Range(1, servers)];
    }

    public void Dispose()
    {
        Array.ForEach(_servers, server => server.Dispose());
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Where a server is.</summary>
    public EndPoint EndPointOf(int number) => _servers[number - 1].Client.LocalEndPoint!;

    /// <summary>Gives a server another key.</summary>
    public void Rekey(int number) => _keys[number - 1] += 1_000;

    /// <summary>Writes the file and returns its path.</summary>
    /// <remarks><c>relay</c> are lines of [Relay], and <c>first</c> stands before each endpoint.</remarks>
    public string Write(int[]? numbers = null, string relay = "", string first = "")
    {
        string path = Path.Combine(_folder, "wgproxy.conf");
        File.WriteAllText(path, "[Relay]\nListen = 127.0.0.1:0\n" + relay + string.Concat((numbers ?? [.. Enumerable.Range(1, _servers.Length)]).Select(number =>
            string.Create(CultureInfo.InvariantCulture, $"[Server]\nName = s{number}\nPublicKey = {Keys.TextOf(_keys[number - 1])}\nEndpoint = {first}{_servers[number - 1].Client.LocalEndPoint}\n"))));
        return path;
    }

    /// <summary>A handshake of a client's with a server: each message arrives where it belongs. Returns the relay's port.</summary>
    public async Task<int> ShakeHandsAsync(UdpClient client, IPEndPoint relay, int number)
    {
        UdpReceiveResult asked = await AskAsync(client, relay, number);
        byte[] response = WireMessages.Response(1_000u + (uint)number, (uint)number);
        await _servers[number - 1].SendAsync(response, asked.RemoteEndPoint);
        UdpReceiveResult answered = await client.ReceiveAsync().WaitAsync(Patience);
        Assert.Equal(response, answered.Buffer);
        return await SendDataAsync(client, relay, number);
    }

    /// <summary>Data of a client's that shook hands: it arrives at its server. Returns the relay's port.</summary>
    public async Task<int> SendDataAsync(UdpClient client, IPEndPoint relay, int number)
    {
        byte[] data = WireMessages.Transport(1_000u + (uint)number);
        await client.SendAsync(data, relay);
        UdpReceiveResult arrived = await _servers[number - 1].ReceiveAsync().WaitAsync(Patience);
        while (arrived.Buffer.Length == WireMessages.InitiationLength)
        {
            arrived = await _servers[number - 1].ReceiveAsync().WaitAsync(Patience);
        }

        Assert.Equal(data, arrived.Buffer);
        return arrived.RemoteEndPoint.Port;
    }

    /// <summary>Whether an initiation reaches a server, if another that is sent after it does.</summary>
    public async Task<bool> IsAnsweredAsync(UdpClient client, IPEndPoint relay, int number)
    {
        await client.SendAsync(InitiationFor(number), relay);
        await client.SendAsync(InitiationFor(1), relay);
        _ = await _servers[0].ReceiveAsync().WaitAsync(Patience);
        return _servers[number - 1].Available > 0;
    }

    // A relay that has just been told of a server may not know it yet: the same initiation is sent again. WireGuard makes another every
    // 5 s, and so does this.
    private async Task<UdpReceiveResult> AskAsync(UdpClient client, IPEndPoint relay, int number)
    {
        Task<UdpReceiveResult> asked = _servers[number - 1].ReceiveAsync();
        byte[] initiation = [];
        for (int tries = 0; tries < 300 && !asked.IsCompleted; tries++)
        {
            initiation = tries % 50 == 0 ? InitiationFor(number) : initiation;
            await client.SendAsync(initiation, relay);
            await Task.WhenAny(asked, Task.Delay(100, TestContext.Current.CancellationToken));
        }

        Assert.True(asked.IsCompletedSuccessfully, $"nothing arrived at server {number}");
        return await asked;
    }

    public byte[] InitiationFor(int number) => WireMessages.Initiation(new Mac1(Keys.Parse(Keys.TextOf(_keys[number - 1]))), (uint)number);
}
