// What a stranger's datagram with an index that nobody knows costs, by the number of workers: bench/results/2026-11-26-unknown-index.md.
// A console project with this file and a reference to WgProxy.Core.dll builds it.
using System.Diagnostics;
using System.Net;
using WgProxy.Core;
using WgProxy.Core.Protocol;

const int Tunnels = 1024, Unknown = 200_000;
foreach (int workers in new[] { 1, 2, 8, 32 })
{
    Span<byte> key = stackalloc byte[32]; new Random(7).NextBytes(key);
    PublicKey.TryParse(Convert.ToBase64String(key), out PublicKey? parsed, out _);
    Route[] routes = [new Route(parsed!) { Server = new IPEndPoint(IPAddress.Loopback, 51820) }];
    Relay[] relays = new Relay[workers];
    for (int i = 0; i < workers; i++) relays[i] = new Relay(new RelaySettings { MaxMappings = 16384 / workers, HashSeed = ((ulong)i + 1, 77), CookieSeed = (1, 2) }, routes);
    Relay.ConnectNeighbours(relays);
    Tick now = new(1_000_000);
    for (int t = 0; t < Tunnels; t++)
    {
        Relay relay = relays[t % workers];
        Source source = Source.From(new IPEndPoint(IPAddress.Parse($"10.0.{t >> 8}.{t & 255}"), 1000));
        byte[] ask = new byte[148]; ask[0] = 1; BitConverter.TryWriteBytes(ask.AsSpan(4), 0x10000 + t);
        routes[0].Mac1.Write(ask);
        Decision d = relay.FromClient(ask, 148, source, now);
        if (d.Verdict != Verdict.Open) throw new Exception($"{d}");
        relay.Opened(d.Slot, (ushort)(2000 + t));
        byte[] answer = new byte[92]; answer[0] = 2; BitConverter.TryWriteBytes(answer.AsSpan(4), 0x20000 + t); BitConverter.TryWriteBytes(answer.AsSpan(8), 0x10000 + t);
        relay.FromServer(d.Slot, answer, 92, now);
        relay.ClearEvents();
    }
    byte[] data = new byte[148]; data[0] = 4;
    Source stranger = Source.From(new IPEndPoint(IPAddress.Parse("192.0.2.9"), 9));
    double best = double.MaxValue;
    for (int round = 0; round < 15; round++)
    {
        Stopwatch watch = Stopwatch.StartNew();
        for (uint i = 0; i < Unknown; i++)
        {
            BitConverter.TryWriteBytes(data.AsSpan(4), 0x80000000 + i + (uint)round * Unknown);
            if (relays[0].FromClient(data, 148, stranger, now).Verdict != Verdict.NoMapping) throw new Exception();
        }
        best = Math.Min(best, watch.Elapsed.TotalNanoseconds / Unknown);
    }
    Console.Write($"{workers} {best:0} ");
}
Console.WriteLine();
