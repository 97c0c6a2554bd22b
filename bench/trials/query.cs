// What a query a second over 16,384 mappings costs the datagrams that pass meanwhile: bench/results/2026-11-26-query.md.
// A console project called WgProxy.Benchmarks, to which Core shows what is internal, with this file, tests/Shared/WireMessages.cs and references to WgProxy.Core.dll and WgProxy.Linux.dll builds it.
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Engine;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Core.Vocabulary;
using WgProxy.Linux;
using WgProxy.Tests;

const int Mappings = 16_384;
int rounds = args.Length > 0 ? int.Parse(args[0]) : 8, seconds = args.Length > 1 ? int.Parse(args[1]) : 4;
Span<byte> key = stackalloc byte[32];
new Random(7).NextBytes(key);
PublicKey.TryParse(Convert.ToBase64String(key), out PublicKey? parsed, out _);
using Socket server = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
Route route = new(parsed!) { Server = (IPEndPoint)server.LocalEndPoint! };
// With "processor", a turn is as long as the worker had a processor: what the scheduler gave to others meanwhile is no part of it.
Leaps clock = new(args.Length > 2 && args[2] == "processor");
using LinuxEngine engine = new(
    new EngineSettings
    {
        Listen = [new IPEndPoint(IPAddress.Any, 0)],
        Routes = [route],
        Seeds = new(),
        Relay = RelaySettings.ForMappings(Mappings) with { IdleTimeout = TimeSpan.FromHours(10) },
    },
    new LinuxEngineSettings { Workers = 1 },
    clock);
engine.Start();
int port = engine.Listening.First(listen => listen.AddressFamily == AddressFamily.InterNetwork).Port;
byte[] buffer = new byte[2_048];
Socket client = null!;
EndPoint upstream = new IPEndPoint(IPAddress.Any, 0);
for (int i = 0; i < Mappings; i++)
{
    client?.Dispose();
    client = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5_000 };
    client.Bind(new IPEndPoint(new IPAddress([127, 1, (byte)(i >> 8), (byte)i]), 0));
    client.Connect(new IPEndPoint(IPAddress.Loopback, port));
    (uint c, uint s) = (0xC000_0000 | (uint)i, 0x5000_0000 | (uint)i);
    client.Send(WireMessages.Initiation(route.Mac1, c));
    server.ReceiveFrom(buffer, ref upstream);
    server.SendTo(WireMessages.Response(s, c), upstream);
    client.Receive(buffer);
    client.Send(WireMessages.Transport(s));
    server.ReceiveFrom(buffer, ref upstream);
    server.SendTo(WireMessages.Transport(c), upstream);
    client.Receive(buffer);
}

byte[] up = WireMessages.Transport(0x5000_0000 | (Mappings - 1), 128), down = WireMessages.Transport(0xC000_0000 | (Mappings - 1), 128);
new Thread(() =>
{
    byte[] got = new byte[2_048];
    SocketAddress to = upstream.Serialize();
    while (true)
    {
        server.ReceiveFrom(got, SocketFlags.None, to);
        server.SendTo(down, SocketFlags.None, to);
    }
}) { IsBackground = true }.Start();

using SemaphoreSlim answered = new(0);
EngineQuery all = new(_ => answered.Release(), Mappings + 64), figures = new(_ => answered.Release());
List<double>[] trips = [[], []];
Console.WriteLine("queries | trips | median, µs | p99, µs | p99.9, µs | longest turn, ms | mappings told | an answer takes, ms");
long[] samples = new long[10_000_000];
for (int round = 0; round < 2 * rounds; round++)
{
    bool asks = (round + (round / 2)) % 2 == 1;
    clock.Leap(TimeSpan.FromSeconds(130));
    int count = 0, told = 0;
    long start = Stopwatch.GetTimestamp(), asked = 0;
    double answer = 0;
    bool waits = false;
    for (int next = 0; ;)
    {
        long sent = Stopwatch.GetTimestamp();
        client.Send(up);
        client.Receive(buffer);
        long back = Stopwatch.GetTimestamp();
        samples[count++] = back - sent;
        if (waits && answered.Wait(0))
        {
            waits = false;
            told = all.Mappings.Length;
            answer = Math.Max(answer, Stopwatch.GetElapsedTime(asked, back).TotalMilliseconds);
        }

        double passed = Stopwatch.GetElapsedTime(start, back).TotalSeconds;
        if (passed >= seconds && !waits)
        {
            break;
        }

        if (asks && !waits && passed >= next && passed < seconds)
        {
            (next, asked, waits) = (next + 1, back, true);
            engine.Query(all);
        }
    }

    engine.Query(figures);
    answered.Wait();
    Array.Sort(samples, 0, count);
    double At(double part) => samples[(int)((count - 1) * part)] * 1e6 / Stopwatch.Frequency;
    trips[asks ? 1 : 0].Add(At(0.999));
    Console.WriteLine($"{(asks ? "with" : "without")} | {count} | {At(0.5):0.0} | {At(0.99):0.0} | {At(0.999):0.0} | {figures.Counters.LongestTurn.TotalMilliseconds:0.000} | {told} | {answer:0.0}");
}

foreach (List<double> each in trips)
{
    each.Sort();
}

Console.WriteLine($"median of the p99.9: without {trips[0][trips[0].Count / 2]:0.0}, with {trips[1][trips[1].Count / 2]:0.0} µs; pauses {GC.GetTotalPauseDuration().TotalMilliseconds:0.00} ms");
Environment.Exit(0);

internal sealed class Leaps(bool countsProcessor) : TimeProvider
{
    [ThreadStatic]
    private static long t_waited;

    private long _ahead;

    public override long GetTimestamp() => (countsProcessor ? ThreadTime() : base.GetTimestamp()) + Interlocked.Read(ref _ahead);

    public void Leap(TimeSpan span) => Interlocked.Add(ref _ahead, (long)(span.TotalSeconds * Stopwatch.Frequency));

    // Each thread begins at the time of the wall, so that the instants of several threads can be compared.
    private long ThreadTime()
    {
        const int CLOCK_THREAD_CPUTIME_ID = 3;
        _ = clock_gettime(CLOCK_THREAD_CPUTIME_ID, out Timespec used);
        long nanoseconds = (used.Seconds * 1_000_000_000) + used.Nanoseconds;
        t_waited = t_waited == 0 ? base.GetTimestamp() - nanoseconds : t_waited;
        return t_waited + nanoseconds;
    }

    [System.Runtime.InteropServices.DllImport("libc")]
    private static extern int clock_gettime(int clock, out Timespec time);

    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
