using System.Net.Sockets;
using System.Text;
using WgProxy.Showing;

namespace WgProxy.Tests.Showing;

/// <summary>What the commands say where something else than a relay answers.</summary>
public sealed class RelaySocketTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-asked-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "s");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("", "it ended too early")]
    [InlineData("220 mail.example.com ESMTP\r\n", "its first line is none of HTTP/1.1")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"now\"", "it ended too early")]
    public async Task What_is_no_answer_is_told_in_words(string answer, string words)
    {
        using Socket listener = Listen();
        Task served = ServeAsync(listener, answer);
        RelaySocketException refusal = await Assert.ThrowsAsync<RelaySocketException>(() => new RelaySocket(Path, "wgproxy show").ReadAsync("/v1/status", TestContext.Current.CancellationToken));
        Assert.Equal($"what answers on {Path} is no relay, or answers too many others: {words}", refusal.Message);
        await served;
    }

    [Fact]
    public async Task Who_stops_asking_need_not_wait_for_one_who_does_not_answer()
    {
        using Socket listener = Listen();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task<string> asked = new RelaySocket(Path, "wgproxy show").ReadAsync("/v1/status", stop.Token);
        using Socket silent = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
    }

    [Fact]
    public async Task An_order_is_sent_whole_and_as_one_request()
    {
        using Socket listener = Listen();
        Task<string> served = ServeAsync(listener, "HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\n{}");
        OrderAnswer answer = await new RelaySocket(Path, "wgproxy drop").OrderAsync(HttpMethod.Post, "/v1/drop", "{\"peer\": \"\u00e9\"}", TestContext.Current.CancellationToken);
        Assert.Equal(new OrderAnswer(false, "{}"), answer);
        Assert.Equal("POST /v1/drop HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 14\r\n\r\n{\"peer\": \"\u00e9\"}", await served);
    }

    private static async Task<string> ServeAsync(Socket listener, string answer)
    {
        using Socket client = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        byte[] request = new byte[4_096];
        int length = await client.ReceiveAsync(request, TestContext.Current.CancellationToken);
        _ = await client.SendAsync(Encoding.ASCII.GetBytes(answer), TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(request, 0, length);
    }

    private Socket Listen()
    {
        Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(Path));
        listener.Listen();
        return listener;
    }
}
