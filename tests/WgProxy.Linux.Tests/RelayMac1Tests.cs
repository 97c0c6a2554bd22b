using System.Net;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using WgProxy.Core;
using WgProxy.Core.Engine;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Logging;
using WgProxy.Tests;

namespace WgProxy.Linux.Tests;

/// <summary>
/// Whole relays that differ in nothing but in what compares mac1: <c>mac1_lanes.c</c> by either compiler, the vectors of .NET, and one key
/// after the other. They are given the same initiations, and must decide and count the same.
/// </summary>
public sealed class RelayMac1Tests(ITestOutputHelper output)
{
    private static readonly Tick Now = new(1_000_000);

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(256)]
    [InlineData(1_000)]
    public void Relays_decide_and_count_the_same_by_every_matcher(int routes)
    {
        Route[] all = [.. Enumerable.Range(0, routes).Select(_ => NewRoute())];
        RouteList list = new(routes + 1);
        RouteId[] ids = [.. all.Select(list.Add)];
        Watched[] ways = [.. Mac1Matchers.All.Reverse().Select(matcher => new Watched("C#:", matcher)), .. Natives()];
        Relay[] relays = [.. ways.Select(way => new Relay(SettingsFor(routes), list, way))];

        // Each route is found by its own key, and by no other.
        for (int route = 0; route < routes; route++)
        {
            byte[] initiation = WireMessages.Initiation(all[route].Mac1, (uint)route);
            Decision opened = Same(relays, initiation, ClientOf(route), Verdict.Open);
            Assert.All(relays, relay => Assert.Same(all[route], relay.RouteOf(opened.Slot)));
            Same(relays, Near(initiation, route), ClientOf(route), Verdict.BadMac1);
            Same(relays, Near(initiation, route), ClientOf(routes + route), Verdict.BadMac1);
            Same(relays, WireMessages.Initiation(all[route].Mac1, (uint)route), ClientOf(route), Verdict.Forward);
            Same(relays, WireMessages.New(1, WireMessages.InitiationLength), ClientOf(route), Verdict.BadMac1);
        }

        // Every third key goes: its place in a group is vacant, and those beside it are found as before.
        for (int route = 0; route < routes; route += 3)
        {
            list.Remove(ids[route]);
            Array.ForEach(relays, relay => relay.RouteChanged(ids[route]));
        }

        for (int route = 0; route < routes; route++)
        {
            Same(relays, WireMessages.Initiation(all[route].Mac1, 1), ClientOf((2 * routes) + route), route % 3 == 0 ? Verdict.BadMac1 : Verdict.Open);
        }

        Assert.All(relays, relay => Assert.Equal(FiguresOf(relays[0], ids), FiguresOf(relay, ids)));
        Assert.All(ways, way => Assert.Equal(ways[0].Asked, way.Asked));
        foreach (Watched way in ways)
        {
            output.WriteLine($"measured: {routes} routes: {way.Name}, {way.KeysPerStep} keys a step, was asked {way.Asked} times, {routes * 2} initiations opened or passed");
        }

        Assert.SkipWhen(ways.Length == Mac1Matchers.All.Count, "no compiler, or no processor, for mac1_lanes.c; the others agree");
    }

    private static IEnumerable<Watched> Natives() =>
        from compiler in (string[])["gcc", "clang"]
        from lanes in (int[])[8, 16]
        where Avx2.IsSupported && (lanes == 8 || Avx512F.IsSupported) && Mac1Library.IsThere(compiler)
        select new Watched($"mac1_lanes.c by {compiler}:", Mac1Library.Matcher(compiler, lanes));

    /// <summary>So many that nothing but mac1 refuses.</summary>
    private static RelaySettings SettingsFor(int routes) => new()
    {
        MaxMappings = (10 * routes) + 64,
        MaxAsked = (4 * routes) + 16,
        LoadedAsked = (4 * routes) + 16,
        PrefixShare = (4 * routes) + 16,
    };

    private static Route NewRoute()
    {
        Assert.True(PublicKey.TryParse(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)), out PublicKey? key, out string? error), error);
        return new Route(key) { Server = new IPEndPoint(IPAddress.Loopback, 51_820) };
    }

    private static Source ClientOf(int number) => Source.From(new IPEndPoint(IPAddress.Loopback, 1_024 + number));

    /// <summary>One bit of what mac1 covers, or of mac1 itself, is another.</summary>
    private static byte[] Near(byte[] initiation, int route)
    {
        byte[] near = [.. initiation];
        int bit = (4 * 8) + (route * 37 % ((WireGuard.InitiationMac1Offset + WireGuard.MacSize - 4) * 8));
        near[bit / 8] ^= (byte)(1 << (bit % 8));
        return near;
    }

    private static Decision Same(Relay[] relays, byte[] initiation, Source source, Verdict verdict)
    {
        Decision[] decisions = [.. relays.Select(relay => Opened(relay, relay.FromClient(initiation, 0, source, Now)))];
        Assert.Equal(verdict, decisions[0].Verdict);
        Assert.All(decisions, decision => Assert.Equal(decisions[0], decision));
        return decisions[0];
    }

    private static Decision Opened(Relay relay, Decision decision)
    {
        if (decision.Verdict == Verdict.Open)
        {
            relay.Opened(decision.Slot, (ushort)(20_000 + decision.Slot));
        }

        relay.ClearEvents();
        return decision;
    }

    private static string FiguresOf(Relay relay, IEnumerable<RouteId> ids) => string.Join('\n',
    [
        .. CounterNames.Of(new CountersSnapshot(relay.Counters)).Select(pair => $"{pair.Key} {pair.Value}"),
        .. ids.Select(id => relay.CountersOf(id)).Select(counters => string.Join(' ', Enum.GetValues<Verdict>().Select(verdict => counters?[Direction.Uplink, verdict]))),
    ]);

    /// <summary>Counts how often it is asked.</summary>
    private sealed class Watched(string by, IMac1Matcher matcher) : IMac1Matcher
    {
        public int Asked { get; private set; }

        public string Name => $"{by} {matcher.Name}";

        public int KeysPerStep => matcher.KeysPerStep;

        public int Match(ReadOnlySpan<uint> groups, int count, ReadOnlySpan<byte> initiation)
        {
            Asked++;
            return matcher.Match(groups, count, initiation);
        }
    }
}
