using WgProxy.Netns.Tests.Pairs;

namespace WgProxy.Netns.Tests;

/// <summary>Two relays that share an address, which a real keepalived gives to one of them: tunnels go on by the other, also those of silent clients; and back again. The control is the kernel's
/// NAT on the same hosts, with conntrackd.</summary>
[Collection(Loud.Name)]
[Trait("Engine", "None")]
public sealed class PairTests
{
    private const int ProbesPerSecond = 20;

    // The address comes, a route may follow, and neighbours learn it.
    private static readonly TimeSpan Beyond = TimeSpan.FromSeconds(1);

    [NetnsFact]
    public Task The_power_fails_and_comes_back() => BestOf.ThreeAsync(() => PairAsync(planted: 1_000, rounds: 1));

    [LongFact]
    public Task Ten_thousand_mappings_are_taken_over_in_two_seconds() => BestOf.ThreeAsync(() => PairAsync(planted: 10_000, rounds: 1));

    [LongFact]
    public Task The_power_fails_again_and_again() => BestOf.ThreeAsync(() => PairAsync(planted: 10_000, rounds: 5));

    private static async Task PairAsync(int planted, int rounds)
    {
        string[] missing = [.. PairHost.Programs.Where(program => !File.Exists($"/usr/sbin/{program}") && !File.Exists($"/usr/bin/{program}"))];
        Assert.SkipUnless(missing.Length == 0, $"needs {string.Join(", ", missing)}");
        using PairStage stage = await PairStage.StartAsync();
        (PairHost first, PairHost second) = (stage.Hosts[0], stage.Hosts[1]);
        await Task.WhenAll(stage.Hosts.Select(host => host.StartRelayAsync()));
        Array.ForEach(stage.Hosts, host => host.StartKeepalived());

        await MasterAsync(first, before: 0);
        await stage.ConnectAsync();
        await stage.PlantAsync(first, planted);
        (int Mappings, int Ports) stands = default;
        await Eventually.TrueAsync(
            () => (stands = second.StandsAsync().GetAwaiter().GetResult()).Mappings == planted + 2 && stands.Ports >= planted, // A client may have drawn a stranger's port.
            TimeSpan.FromSeconds(60),
            () => $"the second knows {planted + 2} mappings: {stands}\n{second.Tail()}");
        ProbeStream[] streams = stage.Streams(ProbesPerSecond);
        List<Episode> episodes = [];
        try
        {
            for (int round = 0; round < rounds; round++)
            {
                await FlowAsync(streams);
                episodes.Add(await EpisodeAsync("the power of the first fails", second, streams, () => first.CrashAsync()));
                await FlowAsync(streams);
                episodes.Add(await EpisodeAsync("the first is back", first, streams, async () =>
                {
                    stage.Cut(first, false);
                    await first.StartRelayAsync();
                    first.StartKeepalived();
                }));
                await FlowAsync(streams);
                episodes.Add(await EpisodeAsync("the cable of the first is out", second, streams, () =>
                {
                    stage.Cut(first, true);
                    return Task.CompletedTask;
                }));
                await FlowAsync(streams);
                episodes.Add(await EpisodeAsync("the cable of the first is in", first, streams, () =>
                {
                    stage.Cut(first, false);
                    return Task.CompletedTask;
                }));
            }

            await FlowAsync(streams);
            ProbeAccount[] accounts = await Task.WhenAll(streams.Select(stream => stream.StopAsync()));
            foreach (Episode episode in episodes)
            {
                TimeSpan[] silences = [.. accounts.Zip(episode.Began).Select(each => SilenceAfter(each.First, each.Second, episode.Lasts))];
                string report = $"{episode.What}: VRRP took {episode.Vrrp.TotalMilliseconds:0} ms; the relay {episode.Takeover}; longest silence of echoes {silences[0].TotalMilliseconds:0} ms, of what the "
                    + $"server says to a silent client {silences[1].TotalMilliseconds:0} ms; by NAT with conntrackd {silences[2].TotalMilliseconds:0} and {silences[3].TotalMilliseconds:0} ms";
                Measured.Write(report);
                Assert.True(silences[..2].Max() <= episode.Vrrp + Beyond, report);
                Assert.True(episode.Milliseconds < 2_000, report);
            }
        }
        finally
        {
            Array.ForEach(streams, stream => stream.Dispose());
        }
    }

    private static async Task<Episode> EpisodeAsync(string what, PairHost successor, ProbeStream[] streams, Func<Task> happens)
    {
        int before = successor.TimesMaster;
        int takeovers = successor.Takeovers().Length;
        TimeSpan[] began = [.. streams.Select(stream => stream.Elapsed)];
        await happens();
        await MasterAsync(successor, before);
        TimeSpan vrrp = streams[0].Elapsed - began[0];
        await Eventually.TrueAsync(() => successor.Takeovers().Length > takeovers, TimeSpan.FromSeconds(20), () => $"{what}: a takeover\n{successor.Tail()}");
        int[] arrived = [.. streams.Select(stream => stream.Arrived)];
        await Eventually.TrueAsync(() => streams[0].Arrived > arrived[0] && streams[1].Arrived > arrived[1], TimeSpan.FromSeconds(20), () => $"{what}: probes arrive again\n{successor.Tail()}");
        (int restored, int known, int milliseconds) = successor.Takeovers()[^1];
        return new Episode(what, began, vrrp, streams[0].Elapsed - began[0] + TimeSpan.FromSeconds(2), $"{restored} of {known} mappings in {milliseconds} ms", milliseconds);
    }

    private static Task<TimeSpan> MasterAsync(PairHost host, int before) => Eventually.TrueAsync(
        () => host.TimesMaster > before, TimeSpan.FromSeconds(30), () => $"{host.Name} is master\n{host.Tail()}");

    private static async Task FlowAsync(ProbeStream[] streams)
    {
        foreach (ProbeStream stream in streams)
        {
            int arrived = stream.Arrived;
            await Eventually.TrueAsync(() => stream.Arrived >= arrived + ProbesPerSecond, TimeSpan.FromSeconds(30), "probes flow");
        }
    }

    private static TimeSpan SilenceAfter(ProbeAccount account, TimeSpan began, TimeSpan lasts)
    {
        TimeSpan[] instants = [began, .. account.ArrivedAt.OfType<TimeSpan>().Where(each => each > began && each < began + lasts).Order(), began + lasts];
        return instants.Skip(1).Zip(instants).Max(pair => pair.First - pair.Second);
    }

    private sealed record Episode(string What, TimeSpan[] Began, TimeSpan Vrrp, TimeSpan Lasts, string Takeover, int Milliseconds);
}
