using BenchmarkDotNet.Attributes;
using WgProxy.Core.Containers;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;

namespace WgProxy.Benchmarks;

/// <summary>What every datagram, or every initiation, costs before anything is looked up.</summary>
public class ProtocolBenchmarks
{
    private readonly byte[] _initiation = Traffic.Initiation(1);
    private readonly byte[] _forged = Traffic.Initiation(2);
    private readonly byte[][] _datagrams =
        [Traffic.Transport(1, 0), Traffic.Initiation(1), Traffic.Transport(2, 1), Traffic.Response(1, 2)];

    private readonly CookieSealer _sealer = new(Traffic.Route.Key);
    private readonly byte[] _cookie = new byte[WireGuard.CookieSize];
    private readonly byte[] _nonce = new byte[CookieSealer.NonceSize];
    private readonly byte[] _reply = new byte[WireGuard.CookieReplySize];

    // Results feed the next call: with constants the compiler would do the work beforehand.
    private ulong _hash;
    private int _turn;

    /// <summary>Spoils one of the initiations.</summary>
    [GlobalSetup]
    public void SetUp() => _forged[WireGuard.InitiationMac1Offset] ^= 1;

    /// <summary>An initiation of a client: must reach 3 million/s on one core.</summary>
    [Benchmark]
    public bool Mac1OfAnInitiation() => Traffic.Route.Mac1.Verify(_initiation);

    /// <summary>An initiation of a stranger takes as long.</summary>
    [Benchmark]
    public bool Mac1OfAForgery() => Traffic.Route.Mac1.Verify(_forged);

    /// <summary>A cookie reply, once mac1 is known to be right and the cookie is made. Its nonce is in part the one before.</summary>
    [Benchmark]
    public byte[] SealedCookie()
    {
        _sealer.Write(_initiation, _cookie, _nonce, _reply);
        _nonce[0] = _reply[^1];
        return _reply;
    }

    /// <summary>Type and length, of datagrams of several kinds in turn.</summary>
    [Benchmark]
    public byte Classify() => (byte)Datagram.Classify(_datagrams[_turn++ & 3]);

    /// <summary>The keyed hash of a source.</summary>
    [Benchmark]
    public ulong SipHashOfASource() => _hash = SipHash.Hash(1, 2, 3, 4, 5, 6, _hash);

    /// <summary>The keyed hash of an index.</summary>
    [Benchmark]
    public ulong SipHashOfAnIndex() => _hash = SipHash.Hash(1, 2, _hash);
}
