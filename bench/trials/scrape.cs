// What a scrape a second, with the reports that a live display asks for, costs the datagrams that pass meanwhile: bench/results/2026-11-27-scrape.md.
// Arguments: the relay's program, rounds of each kind, seconds, servers. A console project with this file, tests/Shared/WireMessages.cs and
// a reference to WgProxy.Core.dll builds it.
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using WgProxy.Core.Protocol;
using WgProxy.Tests;

string program = args[0];
int rounds = int.Parse(args[1]), seconds = int.Parse(args[2]), servers = int.Parse(args[3]);
string folder = Directory.CreateTempSubdirectory("wgproxy-scrape-").FullName;
string control = Path.Combine(folder, "run", "control.sock");
using Socket server = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
string[] keys = new string[servers];
Random random = new(7);
byte[] key = new byte[32];
for (int i = 0; i < servers; i++)
{
    random.NextBytes(key);
    keys[i] = Convert.ToBase64String(key);
}

string file = Path.Combine(folder, "wgproxy.conf");
File.WriteAllText(file, $"[Relay]\nListen = 127.0.0.1:0\nControl = {control}\n" + string.Concat(Enumerable.Range(0, servers).Select(i =>
    $"[Server]\nName = server-{i}.example.com\nPublicKey = {keys[i]}\nEndpoint = {(i == 0 ? server.LocalEndPoint!.ToString() : $"192.0.2.{1 + (i % 250)}:51820")}\n")));
PublicKey.TryParse(keys[0], out PublicKey? parsed, out _);
Mac1 mac1 = new(parsed!);
byte[] up = WireMessages.Transport(0x51, 128), down = WireMessages.Transport(0xC1, 128);
long[] samples = new long[10_000_000];
List<double>[] tails = [[], []], turns = [[], []];
string[] requests = ["/metrics", "/v1/status", "/v1/servers", "/v1/sessions?sort=traffic&limit=100"];
Console.WriteLine("scrapes | trips | median, µs | p99, µs | p99.9, µs | longest turn, ms | pauses, ms | bytes of a page | a scrape takes, ms");
for (int round = 0; round < 2 * rounds; round++)
{
    bool asks = (round + (round / 2)) % 2 == 1;
    using Process relay = Process.Start(new ProcessStartInfo(program, ["--config", file]) { RedirectStandardError = true })!;
    string? line;
    Match match;
    do
    {
        line = relay.StandardError.ReadLine() ?? throw new InvalidOperationException("the relay did not start");
        match = Regex.Match(line, "relays from .*?:([0-9]+) ");
    }
    while (!match.Success);
    IPEndPoint to = new(IPAddress.Loopback, int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
    TaskCompletionSource<string> status = new();
    TaskCompletionSource resolved = new();
    Thread reader = new(() =>
    {
        while (relay.StandardError.ReadLine() is { } said)
        {
            _ = said.Contains("server-0.example.com (", StringComparison.Ordinal) && resolved.TrySetResult();
            _ = said.Contains("; longest turn ", StringComparison.Ordinal) && status.TrySetResult(said);
        }
    });
    reader.Start();
    if (servers > 1)
    {
        resolved.Task.Wait(TimeSpan.FromSeconds(10));
    }

    Thread.Sleep(1_000);
    using Socket client = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5_000 };
    client.Connect(to);
    byte[] buffer = new byte[2_048];
    EndPoint upstream = new IPEndPoint(IPAddress.Any, 0);
    client.Send(WireMessages.Initiation(mac1, 0xC1));
    server.ReceiveFrom(buffer, ref upstream);
    server.SendTo(WireMessages.Response(0x51, 0xC1), upstream);
    client.Receive(buffer);
    bool ends = false;
    Thread echo = new(() =>
    {
        byte[] got = new byte[2_048];
        SocketAddress address = upstream.Serialize();
        while (true)
        {
            server.ReceiveFrom(got, SocketFlags.None, address);
            if (Volatile.Read(ref ends))
            {
                return;
            }

            server.SendTo(down, SocketFlags.None, address);
        }
    });
    echo.Start();
    long page = 0;
    double slowest = 0;
    Thread scraper = new(() =>
    {
        byte[] answer = new byte[256 * 1024];
        for (long next = Stopwatch.GetTimestamp(); !Volatile.Read(ref ends); next += Stopwatch.Frequency)
        {
            foreach (string request in requests)
            {
                long asked = Stopwatch.GetTimestamp();
                using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                socket.Connect(new UnixDomainSocketEndPoint(control));
                socket.Send(System.Text.Encoding.ASCII.GetBytes($"GET {request} HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n"));
                long length = 0;
                for (int got; (got = socket.Receive(answer)) > 0; length += got)
                {
                }

                if (request == "/metrics")
                {
                    page = length;
                    slowest = Math.Max(slowest, Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
                }
            }

            Thread.Sleep(TimeSpan.FromSeconds(Math.Max(0, (next + Stopwatch.Frequency - Stopwatch.GetTimestamp()) / (double)Stopwatch.Frequency)));
        }
    });
    int count = 0;
    for (int warm = 0; warm < 2_000; warm++)
    {
        client.Send(up);
        client.Receive(buffer);
    }

    if (asks)
    {
        scraper.Start();
    }

    long start = Stopwatch.GetTimestamp();
    for (long back = start; Stopwatch.GetElapsedTime(start, back).TotalSeconds < seconds;)
    {
        long sent = Stopwatch.GetTimestamp();
        client.Send(up);
        client.Receive(buffer);
        back = Stopwatch.GetTimestamp();
        samples[count++] = back - sent;
    }

    Volatile.Write(ref ends, true);
    client.Send(up);
    echo.Join();
    if (asks)
    {
        scraper.Join();
    }

    using (Process.Start("kill", ["-USR1", relay.Id.ToString(CultureInfo.InvariantCulture)])!)
    {
    }

    Match said = Regex.Match(status.Task.Result, "longest turn ([0-9.]+) ms, of all ([0-9.]+) ms; pauses ([0-9.]+) ms");
    relay.Kill();
    relay.WaitForExit();
    Array.Sort(samples, 0, count);
    double At(double part) => samples[(int)((count - 1) * part)] * 1e6 / Stopwatch.Frequency;
    tails[asks ? 1 : 0].Add(At(0.999));
    turns[asks ? 1 : 0].Add(double.Parse(said.Groups[2].Value, CultureInfo.InvariantCulture));
    Console.WriteLine($"{(asks ? "with" : "without")} | {count} | {At(0.5):0.0} | {At(0.99):0.0} | {At(0.999):0.0} | {said.Groups[2].Value} | {said.Groups[3].Value} | {page} | {slowest:0.0}");
}

Directory.Delete(folder, recursive: true);
double Median(List<double> each) => each.Order().ElementAt(each.Count / 2);
Console.WriteLine($"{servers} servers: median of the p99.9: without {Median(tails[0]):0.0}, with {Median(tails[1]):0.0} µs; longest turns: without {string.Join(", ", turns[0])}; with {string.Join(", ", turns[1])} ms");
