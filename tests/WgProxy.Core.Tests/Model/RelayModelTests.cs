using System.Diagnostics;
using System.Runtime.InteropServices;
using WgProxy.Core.Engine.Batching;

namespace WgProxy.Core.Tests.Model;

/// <summary>The relay and the reference model, given the same random sequences, say the same after every event; and the
/// invariants hold whatever the model says.</summary>
public sealed class RelayModelTests(ITestOutputHelper output)
{
    private const int Threads = 2;
    private const int ThreadsProcessorTime = 3; // CLOCK_THREAD_CPUTIME_ID

    [Fact]
    public async Task Relay_and_model_agree_on_random_sequences()
    {
        TimeSpan budget = Budget();
        int first = Environment.GetEnvironmentVariable("WGPROXY_SEED") is string seed ? int.Parse(seed) : Environment.TickCount & 0xFFFFFF;
        output.WriteLine($"seeds from {first}, {Threads} threads, {budget.TotalSeconds} s of processor time each");
        Coverage[] parts = await Task.WhenAll(Enumerable.Range(0, Threads)
            .Select(thread => Task.Run(() => Explore(first + (thread * 1_000_000_000), budget), TestContext.Current.CancellationToken)));

        Coverage all = new();
        foreach (Coverage part in parts)
        {
            all.Add(part);
        }

        output.WriteLine($"{all.Sequences} sequences, {all.Steps} steps");
        output.WriteLine(string.Join(", ", all.Seen.Where(pair => pair.Value > 0).Select(pair => $"{pair.Key} {pair.Value}")));

        // A slower machine comes to fewer sequences, and sees less of what is rare.
        int least = Math.Clamp(all.Sequences / 200, 1, 20);
        Assert.Empty(Due().Where(name => all[name] < least).Select(name => $"{name} happened {all[name]} times"));
    }

    private static Coverage Explore(int seed, TimeSpan budget)
    {
        Coverage coverage = new();
        TimeSpan start = Spent();
        for (; Spent() - start < budget; seed++)
        {
            if (Explorer.Explore(seed, coverage) is (Sequence failing, _))
            {
                Assert.Fail(Explorer.Shorten(seed, failing).Text);
            }
        }

        return coverage;
    }

    private static TimeSpan Budget()
    {
        bool isLong = Environment.GetEnvironmentVariable("WGPROXY_LONG") is "1";
        string? minutes = Environment.GetEnvironmentVariable("WGPROXY_LONG_MINUTES");
        return isLong ? TimeSpan.FromMinutes(minutes is null ? 60 : double.Parse(minutes)) : TimeSpan.FromSeconds(60);
    }

    // The thread's own processor time: beside other suites, which leave it little of a second, it does as much as alone.
    private static TimeSpan Spent()
    {
        long[] time = new long[2];
        return OperatingSystem.IsLinux() && ClockGetTime(ThreadsProcessorTime, time) == 0
            ? TimeSpan.FromSeconds(time[0]) + TimeSpan.FromMicroseconds(time[1] / 1_000)
            : Stopwatch.GetElapsedTime(0);
    }

    // Seconds and nanoseconds.
    [DllImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ClockGetTime(int clock, [Out] long[] time);

    /// <summary>Everything that must have been seen: each verdict that the relay gives in a direction, each change, and
    /// each step of proof.</summary>
    private static IEnumerable<string> Due()
    {
        Verdict[] uplink =
        [
            Verdict.Forward, Verdict.Open, Verdict.NoPort, Verdict.NotWireGuard, Verdict.BadLength, Verdict.BadMac1, Verdict.NoMapping, Verdict.NotProven,
            Verdict.UnknownIndex, Verdict.RateLimited, Verdict.OverBudget, Verdict.TableFull, Verdict.ClaimRefused, Verdict.NoServer,
            Verdict.Reply, Verdict.Replayed, Verdict.Denied, Verdict.OverShare, Verdict.ServerLoaded, Verdict.NotAPeer, Verdict.OverRate,
            Verdict.NotServedHere,
        ];
        Verdict[] downlink = [Verdict.Forward, Verdict.NotWireGuard, Verdict.BadLength, Verdict.Unsolicited, Verdict.NotAPeer, Verdict.Closed, Verdict.OverRate];
        return
        [
            .. uplink.Select(verdict => $"uplink.{verdict}"),
            .. downlink.Select(verdict => $"downlink.{verdict}"),

            // An operator's order is no step of sequences: RelayDropsTests hold it.
            .. Enum.GetValues<RelayEventKind>().Where(kind => kind != RelayEventKind.Dropped).Select(kind => $"event.{kind}"),
            "peers.Named", "peers.Shown", "query.answered", "query.full", "query.again", "query.busy", "query.not running", "step.add", "step.remove", "step.restrict", "step.confine", "step.throttle", "step.enroll", "step.tell", "step.move", "step.query", "step.restart",
            "shown.Theirs", "turns", "spared", "borrowed.Claims", "borrowed.Keys", "directory.Sought", "directory.OverBudget", "directory.Late", "directory.NotOurs", "step.store", "step.found", "shared.Claims", "shared.Borrowed", "parted.Claims", "index.Conflicts", "tolerated.Uplink", "tolerated.Downlink",
            "step.client.Asked.Claimed", "step.client.Asked.Established", "step.client.Claimed.Established",
            "step.client.Answered.Established", "step.server.Asked.Answered", "step.server.Claimed.Answered",
            "step.server.Claimed.Confirmed", "step.server.Answered.Confirmed", "step.server.Established.Confirmed",
            "step.client.Lingering.Claimed", "step.client.Lingering.Answered",
            "step.client.Lingering.Established", "step.client.Lingering.Confirmed", "step.server.Lingering.Asked",
            "step.server.Lingering.Claimed", "step.server.Lingering.Answered", "step.server.Lingering.Established",
            "step.server.Lingering.Confirmed", "step.wait.Asked.Lingering", "step.wait.Claimed.Lingering",
            "step.wait.Answered.Lingering", "step.wait.Established.Lingering", "step.wait.Confirmed.Lingering",
        ];
    }
}
