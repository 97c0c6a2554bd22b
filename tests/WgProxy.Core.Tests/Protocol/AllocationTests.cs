using WgProxy.Core.Protocol;

namespace WgProxy.Core.Tests.Protocol;

/// <summary>What runs for every datagram allocates nothing.</summary>
public sealed class AllocationTests
{
    private readonly byte[] _initiation = CapturedHandshake.Initiation;
    private readonly byte[] _digest = new byte[32];
    private readonly Mac1 _mac1 = new(CapturedHandshake.Server);

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

    private static void AssertNothing(Func<ulong> work)
    {
        ulong sum = work();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 5_000; i++)
        {
            sum += work();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.NotEqual(0UL, sum);
    }
}
