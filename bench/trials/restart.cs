// How long the ports of restored mappings are closed while a relay with many records is killed and another takes its place.
// Arguments: the relay's program, records, rounds, IP version (4 or 6). What it found: bench/results/2026-11-27-restart.md. A console project with this file, src/WgProxy/State/StateLayout.cs and Checksum.cs, and a
// reference to WgProxy.Core.dll builds it.
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using WgProxy.Core.Journal;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Core.Vocabulary;
using WgProxy.State;

string program = args[0];
int records = int.Parse(args[1], CultureInfo.InvariantCulture), rounds = int.Parse(args[2], CultureInfo.InvariantCulture);
string family = args.Length > 3 ? args[3] : "4";
string state = Directory.CreateTempSubdirectory("wgproxy-restart-").FullName;
IPAddress loopback = family == "6" ? IPAddress.IPv6Loopback : IPAddress.Loopback;
byte[] key = new byte[32];
new Random(7).NextBytes(key);
PublicKey.TryParse(Convert.ToBase64String(key), out PublicKey? parsed, out _);

// The first and the last of the file's order, each with a socket that plays its server: it is told at once when nobody has the port.
ushort First(int i) => (ushort)(33_000 + i);
Socket[] ends = [Probe(First(0)), Probe(First(records - 1))];
IPEndPoint server = (IPEndPoint)Probe(1).LocalEndPoint!;
List<double>[] closed = [[], []];
List<double> ready = [], all = [];
Process relay = Start();
await SaysAsync(relay, " relays from ");
relay.Kill();
relay.WaitForExit();
Plant();
relay = Start();
string line = await SaysAsync(relay, " go on from ");
Console.WriteLine(line);
for (int round = 0; round < rounds; round++)
{
    Process next = Start();
    while (!File.ReadAllText("/proc/locks").Contains("-> FLOCK", StringComparison.Ordinal))
    {
        Thread.Yield();
    }

    long began = Stopwatch.GetTimestamp();
    Task<(double, double)>[] waits = [.. ends.Select(end => Task.Factory.StartNew(() => Closed(end, began), TaskCreationOptions.LongRunning))];
    _ = kill(relay.Id, 9);
    _ = await SaysAsync(next, " relays from ");
    ready.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
    line = await SaysAsync(next, " go on from ");
    all.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
    relay.WaitForExit();
    for (int i = 0; i < 2; i++)
    {
        (double from, double to) = await waits[i];
        closed[i].Add(to);
    }

    relay = next;
}

relay.Kill();
Directory.Delete(state, recursive: true);
Console.WriteLine($"{records} records, IPv{family}; ms after SIGKILL, median (least to most) of {rounds}: first port open {Of(closed[0])}; last {Of(closed[1])}; says that it relays {Of(ready)}; all go on {Of(all)}");

static string Of(List<double> values) => string.Create(CultureInfo.InvariantCulture, $"{values.Order().ElementAt(values.Count / 2):0} ({values.Min():0} to {values.Max():0})");

Socket Probe(ushort port)
{
    Socket socket = new(loopback.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
    socket.Bind(new IPEndPoint(loopback, 0));
    if (port > 1)
    {
        socket.Connect(new IPEndPoint(loopback, port));
    }

    return socket;
}

// From when to when nobody had the port.
(double From, double To) Closed(Socket socket, long began)
{
    double from = double.NaN;
    int open = 0;
    while (Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(20))
    {
        bool refused = false;
        try
        {
            _ = socket.Send([4, 0, 0, 0]);
            if (socket.Poll(0, SelectMode.SelectError))
            {
                refused = true;
                socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error);
            }
        }
        catch (SocketException)
        {
            refused = true;
        }

        double now = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        if (refused)
        {
            from = double.IsNaN(from) ? now : from;
            open = 0;
        }
        else if (!double.IsNaN(from) && ++open == 3)
        {
            return (from, now - 1);
        }

        Thread.Sleep(TimeSpan.FromMilliseconds(0.5));
    }

    return (from, double.NaN);
}

Process Start()
{
    ProcessStartInfo start = new("sh", ["-c", "flock \"$0\" true; exec \"$@\"", $"{state}/lock", program]) { RedirectStandardError = true };
    foreach ((string name, string value) in (ReadOnlySpan<(string, string)>)[
        ("LISTEN", family == "6" ? "[::]:51999" : "0.0.0.0:51999"), ("SERVER", server.ToString()), ("PUBKEY", Convert.ToBase64String(key)), ("STATE_DIRECTORY", state), ("CONTROL", "off")])
    {
        start.Environment[$"WGPROXY_{name}"] = value;
    }

    return Process.Start(start)!;
}

static async Task<string> SaysAsync(Process relay, string part)
{
    while (true)
    {
        string said = await relay.StandardError.ReadLineAsync() ?? throw new InvalidOperationException("the relay has ended");
        if (said.Contains(part, StringComparison.Ordinal))
        {
            return said;
        }
    }
}

void Plant()
{
    using FileStream file = File.Open(Path.Combine(state, "mappings"), FileMode.Open, FileAccess.ReadWrite);
    long now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
    byte[] cell = new byte[StateLayout.CellSize];
    byte[] bytes = new byte[MappingRecord.Size];
    for (int i = 0; i < records; i++)
    {
        MappingRecord record = new()
        {
            Route = RouteKey.From(parsed!),
            Source = Source.From(new IPEndPoint(new IPAddress([198, 18, (byte)(i >> 8), (byte)i]), 51_820)),
            Proof = Proof.Confirmed,
            UpstreamPort = First(i),
            Server = i == 0 ? (IPEndPoint)ends[0].LocalEndPoint! : i == records - 1 ? (IPEndPoint)ends[1].LocalEndPoint! : server,
            Written = new JournalInstant(0, 0, now),
            ExpiresIn = 3_000_000,
            ValidAgo = 0,
        };
        record.Tunnel.Pairs[0] = new RecordedIndices
        {
            ServerIndex = 0x5000_0000u + (uint)i,
            ClientIndex = 0xC000_0000u + (uint)i,
            Remaining = 180_000,
            Marks = IndexMarks.IsPresent | IndexMarks.LeadsHere,
        };
        record.Write(bytes);
        StateLayout.WriteCell(cell, i, now - i, bytes);
        file.Position = StateLayout.OffsetOf(i);
        file.Write(cell);
    }
}

[DllImport("libc")]
static extern int kill(int process, int signal);
