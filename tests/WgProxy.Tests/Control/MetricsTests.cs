using System.Net;
using System.Net.Sockets;
using System.Text;

namespace WgProxy.Tests.Control;

/// <summary>The endpoint over TCP: what it shows, to whom, and that nothing that happens there happens to the packet path.</summary>
[Trait("Forms", "All")]
public sealed class MetricsTests
{
    private const int Connections = 1_000;
    private const int Datagrams = 2_000;
    private const int AllPlaces = 64;

    [Fact]
    public async Task It_shows_no_session_takes_no_order_and_answers_to_listed_names_only()
    {
        using Farm farm = new(1);
        using RunningProgram program = new(null, "--config", farm.Write(), "--metrics", "127.0.0.1:0", "--metrics-hosts", "relay.example.com");
        using HttpClient http = new() { BaseAddress = await AddressAsync(program) };
        Assert.Equal(HttpStatusCode.OK, await CodeAsync(http, HttpMethod.Get, "/v1/status"));
        Assert.Equal(HttpStatusCode.OK, await CodeAsync(http, HttpMethod.Get, "/healthz"));
        Assert.Equal(HttpStatusCode.NotFound, await CodeAsync(http, HttpMethod.Get, "/v1/sessions"));
        Assert.Equal(HttpStatusCode.NotFound, await CodeAsync(http, HttpMethod.Post, "/v1/reload"));
        Assert.Equal(HttpStatusCode.NotFound, await CodeAsync(http, HttpMethod.Post, "/v1/drop"));
        Assert.Equal(HttpStatusCode.OK, await CodeAsync(http, HttpMethod.Get, "/v1/status", "relay.example.com:80"));
        Assert.Equal(HttpStatusCode.OK, await CodeAsync(http, HttpMethod.Get, "/v1/status", "localhost"));
        Assert.Equal(HttpStatusCode.OK, await CodeAsync(http, HttpMethod.Get, "/v1/status", "[::1]:9586"));
        Assert.Equal(HttpStatusCode.MisdirectedRequest, await CodeAsync(http, HttpMethod.Get, "/v1/status", "attacker.example"));
        using HttpResponseMessage answer = await http.GetAsync("/v1/status", TestContext.Current.CancellationToken);
        Assert.DoesNotContain(answer.Headers, header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(["default-src 'none'; frame-ancestors 'none'"], answer.Headers.GetValues("Content-Security-Policy"));
        Assert.Equal(["nosniff"], answer.Headers.GetValues("X-Content-Type-Options"));
    }

    [Fact]
    public async Task It_shows_sessions_where_the_operator_wants_that()
    {
        using Farm farm = new(1);
        using RunningProgram program = new(null, "--config", farm.Write(relay: "Metrics = 127.0.0.1:0\nMetricsSessions = yes\n"));
        using HttpClient http = new() { BaseAddress = await AddressAsync(program) };
        Assert.Equal(HttpStatusCode.OK, await CodeAsync(http, HttpMethod.Get, "/v1/sessions"));
        Assert.Equal(HttpStatusCode.NotFound, await CodeAsync(http, HttpMethod.Post, "/v1/reload"));
    }

    [Fact]
    public async Task A_thousand_idle_and_garbage_connections_cost_no_datagram_and_no_file_of_a_mapping()
    {
        using Farm farm = new(1);
        using RunningProgram program = new(null, "--config", farm.Write(), "--metrics", "127.0.0.1:0");
        using UdpClient client = new(new IPEndPoint(IPAddress.Loopback, 0));
        (IPEndPoint relay, Uri address) = await ConnectAsync(farm, program, client);
        int before = Directory.GetFiles($"/proc/{program.Id}/fd").Length;
        List<Socket> crowd = [];
        try
        {
            byte[] garbage = Encoding.Latin1.GetBytes("\0\x16\x03\x01 garbage");
            for (int i = 0; i < Connections; i++)
            {
                Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
                crowd.Add(socket);
                await socket.ConnectAsync(IPEndPoint.Parse(address.Authority), TestContext.Current.CancellationToken);
                if (i % 2 == 0)
                {
                    // The relay may have closed it already: that is what the limit is for.
                    try
                    {
                        _ = await socket.SendAsync(garbage, TestContext.Current.CancellationToken);
                    }
                    catch (SocketException)
                    {
                    }
                }

                // One datagram after the other, each awaited at the server.
                for (int each = 0; each < Datagrams / Connections; each++)
                {
                    _ = await farm.SendDataAsync(client, relay, 1);
                }
            }

            Assert.InRange(Directory.GetFiles($"/proc/{program.Id}/fd").Length - before, 0, 120);
        }
        finally
        {
            crowd.ForEach(socket => socket.Dispose());
        }

        using HttpClient http = new() { BaseAddress = address };
        HttpStatusCode code = HttpStatusCode.ServiceUnavailable;
        for (int tries = 0; tries < 200 && code != HttpStatusCode.OK; tries++)
        {
            try
            {
                code = await CodeAsync(http, HttpMethod.Get, "/readyz");
            }
            catch (HttpRequestException)
            {
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }
        }

        Assert.Equal(HttpStatusCode.OK, code);
        program.Signal(RunningProgram.Terminate);
        (_, _, string[] lines) = await program.ExitAsync();
        Assert.Contains($"; uplink {Datagrams + 2} datagrams ", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clients_that_send_slowly_or_never_read_cost_no_datagram_and_lose_their_places()
    {
        using Farm farm = new(1);
        using RunningProgram program = new(null, "--config", farm.Write(), "--metrics", "127.0.0.1:0");
        using UdpClient client = new(new IPEndPoint(IPAddress.Loopback, 0));
        (IPEndPoint relay, Uri address) = await ConnectAsync(farm, program, client);
        byte[] unfinished = Encoding.Latin1.GetBytes("GET /v1/status HTTP/1.1\r\nHost: loc"), asked = Encoding.Latin1.GetBytes("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
        List<Socket> slow = [];
        try
        {
            for (int i = 0; i < AllPlaces; i++)
            {
                Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4_096 };
                slow.Add(socket);
                await socket.ConnectAsync(IPEndPoint.Parse(address.Authority), TestContext.Current.CancellationToken);
                for (int requests = 0; requests < (i % 2 == 0 ? 1 : 40); requests++)
                {
                    _ = await socket.SendAsync(i % 2 == 0 ? unfinished : asked, TestContext.Current.CancellationToken);
                }

                _ = await farm.SendDataAsync(client, relay, 1);
            }

            for (int each = AllPlaces; each < Datagrams; each++)
            {
                _ = await farm.SendDataAsync(client, relay, 1);
            }

            // Who does not finish his request is told so, and his connection is closed.
            byte[] told = new byte[4_096];
            Assert.StartsWith("HTTP/1.1 408 ", Encoding.Latin1.GetString(told, 0, await slow[0].ReceiveAsync(told, TestContext.Current.CancellationToken)), StringComparison.Ordinal);
            Assert.Equal(0, await slow[0].ReceiveAsync(told, TestContext.Current.CancellationToken));
        }
        finally
        {
            slow.ForEach(socket => socket.Dispose());
        }

        program.Signal(RunningProgram.Terminate);
        (_, _, string[] lines) = await program.ExitAsync();
        Assert.Contains($"; uplink {Datagrams + 2} datagrams ", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_costs_a_warning_and_no_start()
    {
        using Farm farm = new(1);
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        using RunningProgram program = new(null, "--config", farm.Write(), "--metrics", $"{taken.LocalEndpoint}");
        Assert.Contains("this relay cannot be asked there, and relays all the same", await program.LineAsync("--metrics"), StringComparison.Ordinal);
        await program.LineAsync(" info server s1 (");
        program.Signal(RunningProgram.Terminate);
        Assert.Equal(0, (await program.ExitAsync()).Code);
    }

    // A client with a tunnel, and where the relay and its page are.
    private static async Task<(IPEndPoint Relay, Uri Address)> ConnectAsync(Farm farm, RunningProgram program, UdpClient client)
    {
        IPEndPoint relay = await program.ListeningAsync();
        Uri address = await AddressAsync(program);
        await program.LineAsync(" info server s1 (");
        _ = await farm.ShakeHandsAsync(client, relay, 1);
        return (relay, address);
    }

    private static async Task<Uri> AddressAsync(RunningProgram program)
    {
        string line = await program.LineAsync("answers requests at ");
        return new Uri(line[(line.IndexOf("http://", StringComparison.Ordinal))..]);
    }

    private static async Task<HttpStatusCode> CodeAsync(HttpClient http, HttpMethod method, string path, string? host = null)
    {
        using HttpRequestMessage request = new(method, path);
        request.Headers.Host = host;
        using HttpResponseMessage answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
