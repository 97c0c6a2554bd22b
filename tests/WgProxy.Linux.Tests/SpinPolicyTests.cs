using System.Diagnostics;
using System.Globalization;
using System.Net;
using WgProxy.Core.Routes;
using WgProxy.Linux.Tests.Rig;
using WgProxy.Linux.Workers;

namespace WgProxy.Linux.Tests;

/// <summary>When a worker looks for more before it sleeps.</summary>
[Collection(nameof(LinuxEngineCosts))]
public sealed class SpinPolicyTests
{
    private static readonly BusyPoll Suited = BusyPoll.Suiting(2);
    private static readonly long Brief = (long)(Suited.Brief.TotalSeconds * Stopwatch.Frequency);
    private static readonly long Long = (long)(Suited.Conversing.TotalSeconds * Stopwatch.Frequency);

    // No machine is too slow for this.
    private static readonly TimeSpan VeryLong = TimeSpan.FromSeconds(5);

    [Fact]
    public void Turns_that_answer_each_other_are_a_conversation_after_eight()
    {
        SpinPolicy lookout = new(Suited);
        Assert.Equal(0, lookout.Window);
        int turn = 0;
        for (int i = 0; i < 8; i++)
        {
            Converse(ref lookout, ref turn, 1);
            Assert.Equal(Brief, lookout.Window);
            lookout.Miss();
        }

        Converse(ref lookout, ref turn, 1);
        Assert.Equal(Long, lookout.Window);
    }

    [Theory]
    [InlineData(1, 0, 0, 1, 3)] // As a conversation, but too slow.
    [InlineData(1, 0, 1, 0, 1)] // One way only.
    [InlineData(2, 0, 0, 1, 1)] // More than one in flight.
    [InlineData(1, 1, 1, 1, 1)]
    public void Other_turns_are_none(int up, int down, int upNext, int downNext, int gaps)
    {
        SpinPolicy lookout = new(Suited);
        for (int turn = 0; turn < 100; turn++)
        {
            lookout.Note(turn % 2 == 0 ? up : upNext, turn % 2 == 0 ? down : downNext, turn * gaps * Long);
            Assert.Equal(Brief, lookout.Window);
        }

        lookout.Note(0, 0, 101 * gaps * Long);
        Assert.Equal(0, lookout.Window);
    }

    [Theory]
    [InlineData(8, 990, 1_000)]
    [InlineData(3, 0, 376)]
    [InlineData(1, 0, 125)]
    public void Few_late_answers_are_forgiven_and_many_are_not_waited_for(int oneIn, int least, int most)
    {
        SpinPolicy lookout = new(Suited);
        int turn = 0;
        int looked = 0;
        for (int i = 0; i < 1_000; i++)
        {
            Converse(ref lookout, ref turn, oneIn);
            looked += lookout.Window == Long ? 1 : 0;
            lookout.Miss();
        }

        Assert.InRange(looked, least, most);
    }

    [Fact]
    public void Directions_at_random_are_no_conversation()
    {
        SpinPolicy lookout = new(Suited);
        Random random = new(1);
        int looked = 0;
        for (int turn = 0; turn < 100_000; turn++)
        {
            int up = random.Next(2);
            lookout.Note(up, 1 - up, turn);
            looked += lookout.Window == Long ? 1 : 0;
        }

        Assert.InRange(looked, 0, 3_000);
    }

    [Fact]
    public void One_processor_is_left_to_others()
    {
        Assert.Equal(BusyPoll.Suiting(1).Brief, BusyPoll.Suiting(1).Conversing);
        Assert.True(BusyPoll.Suiting(2).Conversing > BusyPoll.Suiting(2).Brief);
    }

    [Theory]
    [InlineData("off", true, true)]
    [InlineData("off", false, true)]
    [InlineData("always", true, false)]
    [InlineData("always", false, false)]
    [InlineData("conversations", true, false)]
    [InlineData("conversations", false, true)]
    public void A_worker_that_looks_does_not_sleep(string poll, bool answered, bool sleeps)
    {
        const int exchanges = 500;
        BusyPoll busyPoll = poll switch
        {
            "off" => BusyPoll.Off,
            "always" => BusyPoll.Always(VeryLong),
            _ => new BusyPoll(TimeSpan.Zero, VeryLong),
        };
        using RelayRig rig = new(new LinuxEngineSettings { Workers = 1, BusyPoll = busyPoll });
        Peer server = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0)));
        rig.Route.Server = server.EndPoint;
        RigTunnel tunnel = rig.Establish(
            rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0))), server, rig.At(IPAddress.Loopback));
        Exchange(50);
        long before = Sleeps();
        Exchange(exchanges);
        long slept = Sleeps() - before;
        Assert.True(sleeps ? slept > exchanges / 2 : slept < exchanges / 10, $"slept {slept} times in {exchanges} exchanges");

        void Exchange(int times)
        {
            for (int i = 0; i < times; i++)
            {
                tunnel.Up(tunnel.FromClient(100));
                if (answered)
                {
                    tunnel.Down(tunnel.FromServer(100));
                }
            }
        }
    }

    private static void Converse(ref SpinPolicy lookout, ref int turn, int turns)
    {
        for (int end = turn + turns; turn < end; turn++)
        {
            lookout.Note(turn % 2 == 0 ? 1 : 0, turn % 2, turn * Long);
        }
    }

    // How often the worker's thread has given up its processor by itself, as the kernel counts it.
    private static long Sleeps()
    {
        foreach (string task in Directory.GetDirectories("/proc/self/task"))
        {
            if (string.Equals(File.ReadAllText($"{task}/comm").TrimEnd(), "worker 0", StringComparison.Ordinal))
            {
                string line = File.ReadLines($"{task}/status").Single(
                    line => line.StartsWith("voluntary_ctxt_switches:", StringComparison.Ordinal));
                return long.Parse(line.Split('\t')[1], CultureInfo.InvariantCulture);
            }
        }

        throw new InvalidOperationException("no thread of that name");
    }
}
