// What a client's data cost in the relay's decision, by what the relay knows of their index, and by the number of routes:
// bench/results/2026-11-26-index-resolved-once.md. A console project with this file and a reference to WgProxy.Core.dll builds it.
using System.Diagnostics;
using System.Net;
using WgProxy.Core;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Core.Vocabulary;

const int Batch = 500, Batches = 1_000, Size = 1_452, Train = 44;
Tick now = new(1_000_000);
Source known = Source.From(new IPEndPoint(IPAddress.Parse("192.0.2.8"), 8)), stranger = Source.From(new IPEndPoint(IPAddress.Parse("192.0.2.9"), 9));
byte[] unknown = Data(0x80000000);
uint fresh = 0;

foreach (int count in (int[])[1, 16, 1_000])
{
    Random random = new(7);
    Route[] routes = new Route[count];
    for (int i = 0; i < count; i++)
    {
        byte[] key = new byte[32];
        random.NextBytes(key);
        PublicKey.TryParse(Convert.ToBase64String(key), out PublicKey? parsed, out _);
        routes[i] = new Route(parsed!) { Server = new IPEndPoint(IPAddress.Loopback, 51_820) };
    }

    Relay relay = new(new RelaySettings { HashSeed = (1, 77), CookieSeed = (1, 2) }, [.. routes]);
    Connect(relay, routes[^1], known, 0xC1, 0x51);
    byte[] data = Data(0x51);
    if (count == 1)
    {
        byte[] train = [.. Enumerable.Range(0, Train).SelectMany(_ => data)];
        Show($"{count} route, data of a proven mapping", () => relay.FromClient(data, Size, known, now));
        Show($"{count} route, a train of {Train}, each", () => relay.FromClient(train, Size, known, now), Train);
    }
    else
    {
        Connect(relay, routes[0], known, 0xC2, 0x52);
        byte[] other = Data(0x52);
        Show($"{count} routes, a source that uses one of its two mappings", () => relay.FromClient(other, Size, known, now));
        bool turn = false;
        Show($"{count} routes, a source that uses its two mappings in turn", () => relay.FromClient((turn = !turn) ? data : other, Size, known, now));
    }

    Show($"{count} routes, a stranger's unknown index", () =>
    {
        BitConverter.TryWriteBytes(unknown.AsSpan(4), 0x80000000 + fresh++);
        return relay.FromClient(unknown, Size, stranger, now);
    });
    Show($"{count} routes, a proven source's unknown index", () =>
    {
        BitConverter.TryWriteBytes(unknown.AsSpan(4), 0x80000000 + fresh++);
        return relay.FromClient(unknown, Size, known, now);
    });
}

void Connect(Relay relay, Route route, Source source, uint client, uint server)
{
    byte[] ask = new byte[148];
    ask[0] = 1;
    BitConverter.TryWriteBytes(ask.AsSpan(4), client);
    route.Mac1.Write(ask);
    Decision opened = relay.FromClient(ask, 148, source, now);
    relay.Opened(opened.Slot, (ushort)client);
    byte[] answer = new byte[92];
    answer[0] = 2;
    BitConverter.TryWriteBytes(answer.AsSpan(4), server);
    BitConverter.TryWriteBytes(answer.AsSpan(8), client);
    relay.FromServer(opened.Slot, answer, 92, now);
    relay.FromClient(Data(server), Size, source, now);
    relay.FromServer(opened.Slot, Data(client), Size, now);
    if (relay.ProofOf(opened.Slot) != Proof.Confirmed) throw new InvalidOperationException($"{opened}");
    relay.ClearEvents();
}

static byte[] Data(uint index)
{
    byte[] data = new byte[Size];
    data[0] = 4;
    BitConverter.TryWriteBytes(data.AsSpan(4), index);
    return data;
}

static void Show(string what, Func<Decision> decide, int each = 1)
{
    // Few batches where one may take long: a thousand look-ups for each datagram.
    int batches = what.Contains("unknown", StringComparison.Ordinal) ? Batches / 16 : Batches;
    double best = double.MaxValue;
    for (int batch = 0; batch < batches; batch++)
    {
        long from = Stopwatch.GetTimestamp();
        for (int i = 0; i < Batch; i++) decide();
        best = Math.Min(best, Stopwatch.GetElapsedTime(from).TotalNanoseconds / Batch / each);
    }

    Console.WriteLine($"{what}\t{best:0.00}");
}
