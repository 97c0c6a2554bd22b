using WgProxy.Core.Engine.Batching;
using WgProxy.Linux.Paths;
using WgProxy.Linux.Tests.Rig;
using WgProxy.Netns.Tests.Harness;

namespace WgProxy.Linux.Tests;

/// <summary>What tells of changed paths, where the kernel does not always let it. Alone: what stands between it and the kernel is the
/// whole process's.</summary>
[Collection(nameof(PathTests))]
public sealed class PathWatcherTests : IDisposable
{
    private const int NoMemory = 12; // ENOMEM, on receiving
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Namespace _space = new();

    public void Dispose()
    {
        StubbornKernel.RefuseNotices(0);
        _space.Dispose();
    }

    [NetnsFact]
    public void Notices_that_could_not_be_read_for_a_while_are_read_again()
    {
        Assert.SkipUnless(StubbornKernel.Missing.Length == 0, StubbornKernel.Missing);
        int told = 0;
        using PathWatcher watcher = _space.Run(() =>
            PathWatcher.Start(() => Interlocked.Increment(ref told), out string? refusal, TimeSpan.FromMilliseconds(50)));
        StubbornKernel.RefuseNotices(NoMemory);
        _space.Ip("addr", "add", "127.1.2.1/32", "dev", "lo");
        Await(() => Volatile.Read(ref told) > 3, "told blindly");
        StubbornKernel.RefuseNotices(0);

        // It tells no more than there is.
        int before = -1;
        Await(
            () =>
            {
                int now = Volatile.Read(ref told);
                (bool isQuiet, before) = (now == before, now);
                Thread.Sleep(500);
                return isQuiet;
            },
            "quiet");
        int noticed = StubbornKernel.Noticed;
        _space.Ip("addr", "add", "127.1.2.3/32", "dev", "lo");

        // Both: on a busy machine it may have been quiet because it had no processor, and tell once more blindly.
        Await(() => StubbornKernel.Noticed > noticed, "read a notice");
        Await(() => Volatile.Read(ref told) > before, "told of a change");
    }

    private static void Await(Func<bool> condition, string what)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, $"never {what}");
            Thread.Sleep(1);
        }
    }
}
