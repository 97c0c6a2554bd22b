namespace WgProxy.Core.Tests;

/// <summary>What code under test allocates.</summary>
internal static class Allocated
{
    /// <summary>
    /// The bytes that the round which allocated least has allocated on this thread. What the code itself allocates shows in
    /// every round; what the runtime does once on the caller's thread (776 bytes were seen, one run in dozens) in one of them.
    /// </summary>
    public static long InBestOf(int rounds, Action round)
    {
        long least = long.MaxValue;
        for (int i = 0; i < rounds; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            round();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
