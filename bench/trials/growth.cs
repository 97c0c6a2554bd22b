// How long a newcomer waits for its worker while mappings grow from 200 to 10,000, with and without room for their files made ahead: bench/results/2026-11-27-growth.md.
// Arguments: rounds. A console project called WgProxy.Linux.Tests, to which Core and Linux show what is internal, with this file, tests/Shared/WireMessages.cs and references to WgProxy.Core.dll and
// WgProxy.Linux.dll builds it. Each round is a process of its own: a table of files never shrinks.
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Engine;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Core.Vocabulary;
using WgProxy.Linux;
using WgProxy.Linux.Net;
using WgProxy.Tests;

const int First = 200, Last = 10_000;
if (args is [var rounds])
{
    foreach (string way in Enumerable.Repeat(new[] { "grows", "ahead" }, int.Parse(rounds, CultureInfo.InvariantCulture)).SelectMany(each => each))
    {
        using Process round = Process.Start(Environment.ProcessPath!, [way, "once"]);
        round.WaitForExit();
    }

    return;
}

HostFacts.RaiseOpenFiles();
if (args[0] == "ahead")
{
    new Thread(() => HostFacts.MakeRoomForFiles(Last + 256)) { IsBackground = true }.Start();
}

byte[] key = new byte[32];
new Random(7).NextBytes(key);
PublicKey.TryParse(Convert.ToBase64String(key), out PublicKey? parsed, out _);
using Socket server = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
Route route = new(parsed!) { Server = (IPEndPoint)server.LocalEndPoint! };
using LinuxEngine engine = new(
    new EngineSettings
    {
        Listen = [new IPEndPoint(IPAddress.Any, 0)],
        Routes = [route],
        Seeds = new(),
        Relay = RelaySettings.ForMappings(16_384) with { IdleTimeout = TimeSpan.FromHours(10) },
    },
    new LinuxEngineSettings { Workers = 2 });
engine.Start();
Thread.Sleep(1_000);
IPEndPoint relay = new(IPAddress.Loopback, engine.Listening.First(listen => listen.AddressFamily == AddressFamily.InterNetwork).Port);
byte[] buffer = new byte[2_048];
EndPoint upstream = new IPEndPoint(IPAddress.Any, 0);
List<(double Milliseconds, int Mapping)> waits = [];
for (int i = 0; i < Last; i++)
{
    using Socket client = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5_000 };
    client.Bind(new IPEndPoint(new IPAddress([127, 1, (byte)(i >> 8), (byte)i]), 0));
    client.Connect(relay);
    (uint c, uint s) = (0xC000_0000 | (uint)i, 0x5000_0000 | (uint)i);
    byte[] initiation = WireMessages.Initiation(route.Mac1, c);
    long began = Stopwatch.GetTimestamp();
    client.Send(initiation);
    server.ReceiveFrom(buffer, ref upstream);
    if (i >= First)
    {
        waits.Add((Stopwatch.GetElapsedTime(began).TotalMilliseconds, i));
    }

    server.SendTo(WireMessages.Response(s, c), upstream);
    client.Receive(buffer);
    client.Send(WireMessages.Transport(s));
    server.ReceiveFrom(buffer, ref upstream);
    server.SendTo(WireMessages.Transport(c), upstream);
    client.Receive(buffer);
}

waits.Sort();
string room = File.ReadLines("/proc/self/status").Single(line => line.StartsWith("FDSize", StringComparison.Ordinal))[7..].Trim();
Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
    $"{args[0]}: median {waits[waits.Count / 2].Milliseconds:0.00} ms, 99.9 % {waits[(int)(waits.Count * 0.999)].Milliseconds:0.0} ms; longest {string.Join(", ", waits.TakeLast(8).Reverse().Select(each => $"{each.Milliseconds:0.0} (mapping {each.Mapping})"))}; room {room}"));
