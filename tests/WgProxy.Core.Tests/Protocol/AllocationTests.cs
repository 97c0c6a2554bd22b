using WgProxy.Core.Containers;
using WgProxy.Core.Protocol;

namespace WgProxy.Core.Tests.Protocol;

/// <summary>What runs for every datagram allocates nothing.</summary>
public sealed class AllocationTests
{
    private readonly byte[] _initiation = CapturedHandshake.Initiation;
    private readonly byte[] _digest = new byte[32];
    private readonly byte[] _reply = new byte[64];
    private readonly Mac1 _mac1 = new(CapturedHandshake.Server);
    private readonly CookieSealer _sealer = new(CapturedHandshake.Server);
    private readonly CookieSecrets _secrets = new(new byte[32]);
    private readonly Source _source = Source.From([192, 0, 2, 1], 51820, 0, [198, 51, 100, 1]);

    [Fact]
    public void Classify_allocates_nothing() => AssertNothing(
        () => (ulong)Datagram.Classify(_initiation) + Datagram.SenderIndex(_initiation));

    [Fact]
    public void Verifying_mac1_allocates_nothing() => AssertNothing(() => _mac1.Verify(_initiation) ? 1UL : 0);

    [Fact]
    public void Hashing_allocates_nothing() => AssertNothing(() =>
    {
        Blake2s.Hash(_initiation, _digest);
        Blake2s.Mac(_digest, _initiation, _digest);
        Blake2s.Mac(_digest, _initiation, _digest, vectorised: false);
        return _digest[0];
    });

    [Fact]
    public void SipHash_allocates_nothing() => AssertNothing(
        () => SipHash.Hash(1, 2, 3) ^ SipHash.Hash(1, 2, 3, 4, 5, 6, 7) ^ SipHash.Hash(1, 2, _initiation, 2, 4));

    [Fact]
    public void Answering_with_a_cookie_allocates_nothing() => AssertNothing(() =>
    {
        Span<byte> cookie = stackalloc byte[16];
        _secrets.CookieFor(_source, cookie);
        _sealer.Write(_initiation, cookie, _digest.AsSpan(0, 24), _reply);
        return _sealer.TryOpen(_reply, _initiation.AsSpan(116, 16), cookie) ? 1UL : 0;
    });

    [Fact]
    public void Verifying_mac2_allocates_nothing()
    {
        byte[] message = [.. _initiation];
        Span<byte> cookie = stackalloc byte[16];
        _secrets.CookieFor(_source, cookie);
        Blake2s.Mac(cookie, message.AsSpan(0, 132), message.AsSpan(132));
        byte[] forged = [.. message[..^1], (byte)~message[^1]];
        AssertNothing(() =>
            (_secrets.VerifyMac2(message, _source) ? 1UL : 0) + (_secrets.VerifyMac2(forged, _source) ? 2UL : 0));
    }

    private static void AssertNothing(Func<ulong> work)
    {
        ulong sum = work();
        long allocated = Allocated.InBestOf(5, () =>
        {
            for (int i = 0; i < 1_000; i++)
            {
                sum += work();
            }
        });

        Assert.Equal(0, allocated);
        Assert.NotEqual(0UL, sum);
    }
}
