using System.Net;
using System.Runtime.Versioning;
using System.Text.RegularExpressions;

namespace WgProxy.Tests.Control;

/// <summary>The files of the status page, and what a browser is told and denied. WgProxy.Page.Tests shows the page to a browser.</summary>
[Trait("Forms", "All")]
[UnsupportedOSPlatform("windows")]
public sealed partial class PageTests : IDisposable
{
    private const int MostBytes = 40_000;

    private static readonly Dictionary<string, string> Files = new(StringComparer.Ordinal)
    {
        ["/"] = "text/html", ["/page.css"] = "text/css", ["/page.js"] = "text/javascript", ["/page.svg"] = "image/svg+xml",
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-page-").FullName;

    private string Socket => Path.Combine(_folder, "control.sock");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_browser_gets_the_files_and_may_load_nothing_else()
    {
        using Farm farm = new(1);
        using RunningProgram program = new(null, "--config", farm.Write(), "--control", Socket);
        using ControlClient control = await ControlClient.WhenThereAsync(Socket);
        int bytes = 0;
        foreach ((string path, string kind) in Files)
        {
            using HttpResponseMessage answer = await control.SendAsync(HttpMethod.Get, path);
            Assert.Equal((HttpStatusCode.OK, $"{kind}; charset=utf-8"), (answer.StatusCode, answer.Content.Headers.ContentType?.ToString()));
            string policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
            Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self'; ", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Contains("; require-trusted-types-for 'script'; trusted-types 'none'", policy, StringComparison.Ordinal);
            Assert.Equal(["no-referrer"], answer.Headers.GetValues("Referrer-Policy"));
            Assert.Equal(["nosniff"], answer.Headers.GetValues("X-Content-Type-Options"));
            Assert.DoesNotContain(answer.Headers, header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
            byte[] content = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
            Assert.Equal(await File.ReadAllBytesAsync(FileOf(path), TestContext.Current.CancellationToken), content);
            bytes += content.Length;
            using HttpResponseMessage head = await control.SendAsync(HttpMethod.Head, path);
            Assert.Equal((content.Length, 0), ((int)head.Content.Headers.ContentLength!, (await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Length));
        }

        Assert.InRange(bytes, 1, MostBytes);
    }

    [Fact]
    public void Its_files_make_no_markup_of_text_and_name_no_other_place() => Assert.All(
        Files.Keys, path => Assert.DoesNotMatch(Forbidden, File.ReadAllText(FileOf(path)).Replace("http://www.w3.org/2000/svg", string.Empty, StringComparison.Ordinal)));

    [Fact]
    public async Task A_strangers_page_neither_reads_nor_orders_by_a_forwarded_socket()
    {
        using Farm farm = new(1);
        using RunningProgram program = new(null, "--config", farm.Write(), "--control", Socket);
        using ControlClient control = await ControlClient.WhenThereAsync(Socket);
        Assert.StartsWith("HTTP/1.1 421 ", await control.SendRawAsync("GET /v1/status HTTP/1.1\r\nHost: attacker.example\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
        foreach (string host in (string[])["localhost:9586", "127.0.0.1:9586", "[::1]:9586", "relay"])
        {
            Assert.StartsWith("HTTP/1.1 200 ", await control.SendRawAsync($"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
        }

        const string order = "POST /v1/drop HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 23\r\n";
        const string body = "\r\n{\"client\": \"192.0.2.1\"}";
        Assert.StartsWith("HTTP/1.1 403 ", await control.SendRawAsync(order + "Origin: http://localhost\r\n" + body), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200 ", await control.SendRawAsync(order + body), StringComparison.Ordinal);
    }

    private static string FileOf(string path) => Path.Combine(Repository.Root, "src/WgProxy/Page", path.Length == 1 ? "page.html" : path[1..]);

    [GeneratedRegex(@"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b|Function\(|https?:|<style|\sstyle=|\son[a-z]+=|url\(|@import", RegexOptions.None, 1_000)]
    private static partial Regex Forbidden { get; }
}
