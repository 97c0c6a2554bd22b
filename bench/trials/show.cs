// How long wgproxy show takes with many mappings while the relay forwards at full speed, and what it costs the relay: bench/results/2026-11-27-show.md.
// Arguments: the relay's program, rounds of each kind, seconds, mappings, shows a second. A console project with this file, tests/Shared/WireMessages.cs and a
// reference to WgProxy.Core.dll builds it.
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using WgProxy.Core.Protocol;
using WgProxy.Tests;

const int UDP_SEGMENT = 103, UDP_GRO = 104, SOL_UDP = 17, Payload = 1_424, Train = 40;
string program = args[0];
int rounds = int.Parse(args[1]), seconds = int.Parse(args[2]), mappings = int.Parse(args[3]);
double period = 1.0 / double.Parse(args[4], CultureInfo.InvariantCulture);
string folder = Directory.CreateTempSubdirectory("wgproxy-show-").FullName, control = Path.Combine(folder, "control.sock");
using Socket server = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
byte[] key = new byte[32];
new Random(7).NextBytes(key);
string file = Path.Combine(folder, "wgproxy.conf");
File.WriteAllText(file, $"[Relay]\nListen = 127.0.0.1:0\nControl = {control}\nTimeout = 86400\nUpstreamPorts = 10000-60000\n[Server]\nName = home\nPublicKey = {Convert.ToBase64String(key)}\nEndpoint = {server.LocalEndPoint}\n");
PublicKey.TryParse(Convert.ToBase64String(key), out PublicKey? parsed, out _);
Mac1 mac1 = new(parsed!);
using Process relay = Process.Start(new ProcessStartInfo(program, ["--config", file, "--log-level", "2"]) { RedirectStandardError = true })!;
Match match;
do
{
    match = Regex.Match(relay.StandardError.ReadLine() ?? throw new InvalidOperationException("the relay did not start"), "relays from .*?:([0-9]+) ");
}
while (!match.Success);
IPEndPoint to = new(IPAddress.Loopback, int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
_ = Task.Run(() => { while (relay.StandardError.ReadLine() is not null) { } });
Thread.Sleep(1_000);
byte[] buffer = new byte[65_536];
EndPoint upstream = new IPEndPoint(IPAddress.Any, 0);
Socket client = null!;
for (int i = 0; i < mappings; i++)
{
    client?.Dispose();
    client = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5_000 };
    client.Bind(new IPEndPoint(new IPAddress([127, 1, (byte)(i >> 8), (byte)i]), 0));
    client.Connect(to);
    (uint c, uint s) = (0xC000_0000 | (uint)i, 0x5000_0000 | (uint)i);
    client.Send(WireMessages.Initiation(mac1, c));
    server.ReceiveFrom(buffer, ref upstream);
    server.SendTo(WireMessages.Response(s, c), upstream);
    client.Receive(buffer);
    client.Send(WireMessages.Transport(s));
    server.ReceiveFrom(buffer, ref upstream);
    server.SendTo(WireMessages.Transport(c), upstream);
    client.Receive(buffer);
}

// One client sends as much as the relay takes, in trains as a client's kernel sends them.
byte[] one = WireMessages.Transport(0x5000_0000 | (uint)(mappings - 1), Payload);
byte[] train = [.. Enumerable.Range(0, Train).SelectMany(_ => one)];
client.SetRawSocketOption(SOL_UDP, UDP_SEGMENT, BitConverter.GetBytes(one.Length));
server.SetRawSocketOption(SOL_UDP, UDP_GRO, BitConverter.GetBytes(1));
server.ReceiveBufferSize = 8 << 20;
long arrived = 0;
bool ends = false;
new Thread(() =>
{
    byte[] got = new byte[65_536];
    SocketAddress from = new(AddressFamily.InterNetwork);
    while (true)
    {
        Interlocked.Add(ref arrived, server.ReceiveFrom(got, SocketFlags.None, from));
    }
}) { IsBackground = true }.Start();
new Thread(() =>
{
    while (!Volatile.Read(ref ends))
    {
        try
        {
            client.Send(train);
        }
        catch (SocketException)
        {
        }
    }
}) { IsBackground = true }.Start();
string[] requests = ["/v1/status", "/v1/servers", "/v1/peers", "/v1/drops", "/v1/sessions?sort=last_valid&limit=1000"];
List<double>[] rates = [[], []], busy = [[], []];
List<double> screens = [], sessions = [];
Dictionary<string, List<double>> answers = requests.ToDictionary(each => each, _ => new List<double>());
Console.WriteLine("shows | Gbit/s | relay's processor, ns a byte ×1000");
for (int round = 0; round < 2 * rounds; round++)
{
    bool asks = (round + (round / 2)) % 2 == 1;
    long before = Interlocked.Read(ref arrived), start = Stopwatch.GetTimestamp();
    relay.Refresh();
    TimeSpan used = relay.TotalProcessorTime;
    for (int i = 0; Stopwatch.GetElapsedTime(start).TotalSeconds < seconds; i++)
    {
        if (asks)
        {
            screens.Add(Show());
        }

        Thread.Sleep(TimeSpan.FromSeconds(Math.Max(0, Math.Min(seconds, (i + 1) * period) - Stopwatch.GetElapsedTime(start).TotalSeconds)));
    }

    double passed = Stopwatch.GetElapsedTime(start).TotalSeconds, bytes = Interlocked.Read(ref arrived) - before;
    relay.Refresh();
    double cost = (relay.TotalProcessorTime - used).TotalNanoseconds / bytes * 1000;
    rates[asks ? 1 : 0].Add(bytes * 8 / passed / 1e9);
    busy[asks ? 1 : 0].Add(cost);
    Console.WriteLine($"{(asks ? "with" : "without")} | {bytes * 8 / passed / 1e9:0.000} | {cost:0.0}");
}

for (int i = 0; i < 30; i++)
{
    sessions.Add(Show("sessions"));
    foreach (string request in requests)
    {
        answers[request].Add(Ask(request));
    }
}

// What a show takes of the relay's processor, and of its own, is counted where nothing is forwarded: then other programs hardly matter.
Volatile.Write(ref ends, true);
Thread.Sleep(500);
const int Counted = 100;
List<double> idle = [];
relay.Refresh();
TimeSpan had = relay.TotalProcessorTime;
double children = Children();
for (int i = 0; i < Counted; i++)
{
    idle.Add(Show());
}

relay.Refresh();
double ofRelay = (relay.TotalProcessorTime - had).TotalMilliseconds / Counted, ofShow = (Children() - children) / Counted;
relay.Kill();
relay.WaitForExit();
Directory.Delete(folder, recursive: true);
Console.WriteLine($"{mappings} mappings; forwarded, median: without {Median(rates[0]):0.000}, with {Median(rates[1]):0.000} Gbit/s ({Median(rates[1]) / Median(rates[0]) - 1:+0.00 %;-0.00 %}); "
    + $"relay's processor a byte {Median(busy[1]) / Median(busy[0]) - 1:+0.00 %;-0.00 %}");
Console.WriteLine($"wgproxy show, start and end of the program included: median {Median(screens):0.0}, worst {screens.Max():0.0} of {screens.Count}, ms; wgproxy show sessions: median {Median(sessions):0.0}, worst {sessions.Max():0.0}, ms");
Console.WriteLine($"where nothing is forwarded: wgproxy show median {Median(idle):0.0}, worst {idle.Max():0.0}, ms; processor of the relay {ofRelay:0.00}, of the command {ofShow:0.0}, ms");
foreach ((string request, List<double> each) in answers)
{
    Console.WriteLine($"{request}: median {Median(each):0.0}, worst {each.Max():0.0}, ms");
}

Environment.Exit(0);

double Show(params string[] topic)
{
    long asked = Stopwatch.GetTimestamp();
    using Process show = Process.Start(new ProcessStartInfo(program, ["show", .. topic, "--control", control]) { RedirectStandardOutput = true })!;
    _ = show.StandardOutput.ReadToEnd();
    show.WaitForExit();
    return show.ExitCode == 0 ? Stopwatch.GetElapsedTime(asked).TotalMilliseconds : throw new InvalidOperationException("show failed");
}

double Ask(string request)
{
    byte[] answer = new byte[256 * 1024];
    long asked = Stopwatch.GetTimestamp();
    using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    socket.Connect(new UnixDomainSocketEndPoint(control));
    socket.Send(System.Text.Encoding.ASCII.GetBytes($"GET {request} HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n"));
    while (socket.Receive(answer) > 0)
    {
    }

    return Stopwatch.GetElapsedTime(asked).TotalMilliseconds;
}

// Processor time of processes that have ended, in ms: two struct timeval of struct rusage (getrusage(2)).
static double Children()
{
    const int RUSAGE_CHILDREN = -1;
    long[] usage = new long[32];
    _ = getrusage(RUSAGE_CHILDREN, usage);
    return ((usage[0] + usage[2]) * 1e3) + ((usage[1] + usage[3]) / 1e3);
}

[System.Runtime.InteropServices.DllImport("libc")]
static extern int getrusage(int who, long[] usage);

static double Median(List<double> each) => each.Order().ElementAt(each.Count / 2);
