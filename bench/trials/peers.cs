// What a server's answer costs where a route lists peers, by what the relay knows of the tunnel, and what a run costs that is counted for
// one: bench/results/2026-11-26-peers.md. A console project with this file and a reference to WgProxy.Core.dll builds it.
using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using WgProxy.Core;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Core.Vocabulary;

const int Rounds = 200, Batch = 100, Size = 1_452;
Source client = Source.From(new IPEndPoint(IPAddress.Parse("192.0.2.8"), 8));
PublicKey[] keys = [.. Enumerable.Range(0, 1_000).Select(_ => NewKey())];
Mac1[] checks = [.. keys.Select(key => new Mac1(key))];
Mac1 unlisted = new(NewKey());
PublicKey serverKey = NewKey();

// Once without a line, so that the runtime has optimised everything.
foreach ((bool says, IMac1Matcher matcher) in Mac1Matchers.All.Select(matcher => (false, matcher)).Concat(Mac1Matchers.All.Select(matcher => (true, matcher))))
{
    foreach (int count in (int[])[0, 1, 100, 1_000])
    {
        Tick now = new(1_000_000);
        Route route = new(serverKey) { Server = new IPEndPoint(IPAddress.Loopback, 51_820), Settings = new RouteSettings { Peers = PeerList.Of(keys[..count]) } };
        Relay relay = new(new RelaySettings { HashSeed = (1, 77), CookieSeed = (1, 2) }, [route], matcher);
        byte[] ask = new byte[148];
        ask[0] = 1;
        ask[4] = 0xC1;
        route.Mac1.Write(ask);
        int slot = relay.FromClient(ask, 148, client, now).Slot;
        relay.Opened(slot, 40_000);
        Mac1 last = count == 0 ? unlisted : checks[count - 1];
        byte[] known = Answer(last, 0x51), other = Answer(count > 1 ? checks[count - 2] : unlisted, 0x52), nobody = Answer(unlisted, 0x53);
        relay.FromServer(slot, known, 92, now);
        Show(says, $"{matcher.Name}, {count} peers, an answer to the tunnel's own", () => relay.FromServer(slot, known, 92, now));
        Show(says, $"{matcher.Name}, {count} peers, an answer to the last but one", () => relay.FromServer(slot, other, 92, now += 5));
        Show(says, $"{matcher.Name}, {count} peers, an answer to none of them", () => relay.FromServer(slot, nobody, 92, now += 5));
        byte[] data = new byte[Size];
        (data[0], data[4]) = (4, 0x51);
        relay.FromClient(data, Size, client, now);
        relay.ClearEvents();
        Show(says, $"{matcher.Name}, {count} peers, a client's data", () => relay.FromClient(data, Size, client, now));
    }
}

static PublicKey NewKey()
{
    PublicKey.TryParse(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)), out PublicKey? key, out _);
    return key!;
}

static byte[] Answer(Mac1 peer, byte server)
{
    byte[] answer = new byte[92];
    (answer[0], answer[4], answer[8]) = (2, server, 0xC1);
    peer.Write(answer);
    return answer;
}

static void Show(bool says, string what, Func<Decision> decide)
{
    double[] times = new double[Rounds];
    for (int round = 0; round < Rounds; round++)
    {
        long from = Stopwatch.GetTimestamp();
        for (int i = 0; i < Batch; i++) decide();
        times[round] = Stopwatch.GetElapsedTime(from).TotalNanoseconds / Batch;
    }

    Array.Sort(times);
    if (says) Console.WriteLine($"{what}\t{times[Rounds / 2]:0}\t({times[0]:0})");
}
