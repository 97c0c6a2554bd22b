using BenchmarkDotNet.Attributes;
using WgProxy.Core;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;

namespace WgProxy.Benchmarks;

/// <summary>An initiation from the relay's first look at it to the verdict: what a flood costs, by what stops it, without
/// the system calls that bring it and take the answer away. One divided by it is what a core can judge.</summary>
public class GateBenchmarks
{
    // As many as ask unanswered while a relay believes that all is well; with one more it asks for cookies.
    private const int Crowd = 1_024;

    // More than the replay filter remembers, so that each comes as if for the first time.
    private const int Newcomers = 1 << 16;

    // Per mapping, before its bucket is empty.
    private const int Burst = 5;

    private readonly Relay _calm = Make();
    private readonly Relay _crowded = Make();
    private readonly Source _stranger = Traffic.Source(1);
    private readonly Source _asker = Traffic.Source(2);
    private readonly byte[] _initiation = Traffic.Initiation(1);
    private readonly byte[] _forgery = Traffic.Initiation(2);
    private readonly byte[] _forwarded = Traffic.Initiation(3);
    private readonly byte[] _shown = Traffic.Initiation(4);
    private readonly byte[][] _newcomers = [.. Enumerable.Range(0, Newcomers).Select(number => Traffic.Initiation((uint)number + 1_000))];
    private int _turn;

    /// <summary>Brings both relays into the state that each verdict needs, and makes sure of it.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        _forgery[WireGuard.InitiationMac1Offset] ^= 1;
        Open(_calm, _asker, _forwarded);
        Open(_crowded, _asker, _forwarded);
        for (int number = 0; number < Crowd; number++)
        {
            Open(_crowded, Traffic.Source(10_000 + number), Traffic.Initiation((uint)(100_000 + number)));
        }

        Exhaust(_crowded, number => Traffic.Initiation((uint)(200_000 + number)), Verdict.Reply);
        byte[] cookie = Traffic.OpenCookie(_crowded.Reply, Traffic.Initiation(200_000 + Burst - 1));
        Exhaust(_crowded, number => Traffic.Show(Traffic.Initiation((uint)(300_000 + number)), cookie), Verdict.RateLimited);
        _ = Traffic.Show(_shown, cookie);

        Expect(Verdict.BadMac1, WrongMac1());
        Expect(Verdict.Reply, CookieForAStranger());
        Expect(Verdict.Reply, CookieForAnEmptyBucket());
        Expect(Verdict.RateLimited, EmptyBucketInSpiteOfACookie());
        Expect(Verdict.Replayed, Replay());
        Expect(Verdict.Open, Admitted());
    }

    /// <summary>Of somebody who does not know the public key.</summary>
    [Benchmark]
    public Verdict WrongMac1() => _crowded.FromClient(_forgery, 0, _stranger, default).Verdict;

    /// <summary>Of somebody unknown who knows it, while many ask: the answer is a sealed cookie.</summary>
    [Benchmark]
    public Verdict CookieForAStranger() => _crowded.FromClient(_initiation, 0, _stranger, default).Verdict;

    /// <summary>From the source of a mapping that has asked too often, without a cookie.</summary>
    [Benchmark]
    public Verdict CookieForAnEmptyBucket() => _crowded.FromClient(_initiation, 0, _asker, default).Verdict;

    /// <summary>The same with the right cookie, which is looked at first.</summary>
    [Benchmark]
    public Verdict EmptyBucketInSpiteOfACookie() => _crowded.FromClient(_shown, 0, _asker, default).Verdict;

    /// <summary>One that was forwarded lately, from elsewhere.</summary>
    [Benchmark]
    public Verdict Replay() => _calm.FromClient(_forwarded, 0, _stranger, default).Verdict;

    /// <summary>One that is let in, and the end of its mapping, which makes room for the next.</summary>
    [Benchmark]
    public Verdict Admitted()
    {
        _turn = (_turn + 1) % Newcomers;
        Decision decision = _calm.FromClient(_newcomers[_turn], 0, _stranger, default);
        _calm.OpenFailed(decision.Slot);
        _calm.ClearEvents();
        return decision.Verdict;
    }

    private static Relay Make() => new(new RelaySettings { HashSeed = (1, 2), CookieSeed = (3, 4) }, [Traffic.Route]);

    private static void Open(Relay relay, Source source, byte[] initiation)
    {
        Decision decision = relay.FromClient(initiation, 0, source, default);
        Expect(Verdict.Open, decision.Verdict);
        relay.Opened(decision.Slot, 40_000);
        relay.ClearEvents();
    }

    // The last one meets an empty bucket: of the mapping's first burst its own initiation has taken one.
    private void Exhaust(Relay relay, Func<int, byte[]> initiation, Verdict refusal)
    {
        Verdict verdict = Verdict.Forward;
        for (int number = refusal == Verdict.Reply ? 0 : -1; number < Burst; number++)
        {
            verdict = relay.FromClient(initiation(number), 0, _asker, default).Verdict;
        }

        Expect(refusal, verdict);
    }

    private static void Expect(Verdict expected, Verdict verdict)
    {
        if (verdict != expected)
        {
            throw new InvalidOperationException($"the verdict should be {expected}, but is {verdict}");
        }
    }
}
