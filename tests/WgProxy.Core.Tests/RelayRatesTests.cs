using WgProxy.Core.Routes;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

/// <summary>Rates of tunnels and servers: data is cut where a bucket ends, and what keeps tunnels alive is not limited.</summary>
public sealed partial class RelayRatesTests
{
    private const int Burst = 128 << 10;
    private const int Each = 1_024;

    private readonly RelayDriver _driver = new();

    [Fact]
    public void A_run_is_cut_where_the_bucket_ends()
    {
        Limit(new RouteSettings { TunnelRate = new Rate(100_000, 0) });
        Scenario client = Scenario.Confirmed(_driver);
        byte[] run = Run(Scenario.FirstServer, 60);
        Assert.Equal(run.Length, Send(client, run).Length);
        Assert.Equal(run.Length, Send(client, run).Length);

        // 128 were there, and 120 have gone.
        Assert.Equal((Verdict.Forward, 8 * Each), (Send(client, run).Verdict, _last.Length));
        Assert.Equal((Verdict.OverRate, 60 * Each), (Send(client, run).Verdict, _last.Length));
        Assert.Equal(60, _driver.Relay.Counters[Direction.Uplink, Verdict.OverRate]);

        // Ten thousand bytes in 100 ms: nine datagrams, and no tenth.
        _driver.Pass(0.100);
        Assert.Equal((Verdict.Forward, 9 * Each), (Send(client, run).Verdict, _last.Length));
    }

    [Fact]
    public void A_tunnel_is_congested_from_half_its_burst_on()
    {
        Limit(new RouteSettings { TunnelRate = new Rate(100_000, 0) });
        Scenario client = Scenario.Confirmed(_driver);
        Assert.False(Send(client, Run(Scenario.FirstServer, 64)).IsCongested);
        Assert.True(Send(client, Run(Scenario.FirstServer, 1)).IsCongested);
    }

    [Fact]
    public void A_server_is_congested_from_half_its_burst_on()
    {
        Limit(new RouteSettings { Rate = new Rate(100_000, 0) });
        Scenario client = Scenario.Confirmed(_driver);
        Assert.False(Send(client, Run(Scenario.FirstServer, 64)).IsCongested);
        Assert.True(Send(client, Run(Scenario.FirstServer, 1)).IsCongested);
    }

    [Fact]
    public void A_mapping_is_charged_before_it_is_confirmed()
    {
        Limit(new RouteSettings { TunnelRate = new Rate(100_000, 0) });
        Scenario client = Scenario.Established(_driver);
        Assert.Equal(128, Count(client, Scenario.FirstServer));
        Assert.Equal(Proof.Established, client.Proof);
    }

    [Fact]
    public void A_keepalive_passes_behind_data_that_empty_the_bucket()
    {
        Limit(new RouteSettings { TunnelRate = new Rate(100_000, 0) });
        Scenario client = Scenario.Confirmed(_driver);
        _ = Send(client, Run(Scenario.FirstServer, 64));
        byte[] run = [.. Run(Scenario.FirstServer, 64), .. WireMessages.Transport(Scenario.FirstServer)];
        Assert.Equal((Verdict.Forward, run.Length), (Send(client, run).Verdict, _last.Length));
        Assert.Equal(Verdict.OverRate, Send(client, Run(Scenario.FirstServer, 1)).Verdict);
    }

    [Fact]
    public void Each_direction_has_its_own_rate()
    {
        Limit(new RouteSettings { TunnelRate = new Rate(0, 100_000) });
        Scenario client = Scenario.Confirmed(_driver);
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(Verdict.Forward, Send(client, Run(Scenario.FirstServer, 60)).Verdict);
        }

        Assert.Equal(60 * Each, _driver.FromServer(client.Slot, Run(Scenario.FirstClient, 60), Each).Length);
        Assert.Equal(60 * Each, _driver.FromServer(client.Slot, Run(Scenario.FirstClient, 60), Each).Length);
        Assert.Equal(8 * Each, _driver.FromServer(client.Slot, Run(Scenario.FirstClient, 60), Each).Length);
        Assert.Equal(Verdict.OverRate, _driver.FromServer(client.Slot, Run(Scenario.FirstClient, 60), Each).Verdict);
    }

    [Fact]
    public void Handshakes_and_keepalives_pass_when_no_data_does()
    {
        Limit(new RouteSettings { Rate = new Rate(8_000, 8_000) });
        Scenario client = Scenario.Confirmed(_driver);
        while (Send(client, Run(Scenario.FirstServer, 60)).Verdict == Verdict.Forward)
        {
        }

        Assert.Equal(Verdict.OverRate, client.Up(length: 33));
        Assert.Equal(Verdict.Forward, client.Up());
        Assert.Equal(Verdict.Forward, client.Down());
        client.Rekey(0xC2, 0x52);
        Assert.Equal(Verdict.Forward, client.ServerAsks(0x53));
        Assert.Equal(Verdict.Forward, client.ClientAnswers(0x53, 0xC3));
        Assert.Equal(Verdict.Forward, client.ServerDeclines(0xC2));

        // A keepalive at the end of a run that is over the rate.
        byte[] run = [.. Run(Scenario.FirstServer, 3), .. WireMessages.Transport(Scenario.FirstServer)];
        Assert.Equal((Verdict.OverRate, 3 * Each), (Send(client, run).Verdict, _last.Length));
        Assert.Equal(Verdict.Forward, Send(client, run[(3 * Each)..]).Verdict);
    }

    [Fact]
    public void Tunnels_of_a_server_share_its_rate_and_one_has_no_more_than_its_own()
    {
        Limit(new RouteSettings { Rate = new Rate(200_000, 0), TunnelRate = new Rate(100_000, 0) });
        Scenario alice = Scenario.Confirmed(_driver);
        Scenario bob = Scenario.Confirmed(_driver, RelayDriver.Client(2), 0xC4, 0x54);
        Assert.Equal(128, Count(alice, Scenario.FirstServer));

        // The burst of the server is 200,000: 195 datagrams.
        Assert.Equal(195 - 128, Count(bob, 0x54));
    }

    [Fact]
    public void A_rate_holds_from_when_it_is_told_and_ends_so()
    {
        Scenario client = Scenario.Confirmed(_driver);
        Assert.Equal(600, Count(client, Scenario.FirstServer));
        Limit(new RouteSettings { TunnelRate = new Rate(100_000, 0) });
        Assert.Equal(128, Count(client, Scenario.FirstServer));
        Limit(RouteSettings.Default);
        Assert.Equal(600, Count(client, Scenario.FirstServer));
    }

    [Fact]
    public void Data_that_do_not_pass_are_not_owed_an_answer()
    {
        Limit(new RouteSettings { TunnelRate = new Rate(10, 0) });
        Scenario client = Scenario.Confirmed(_driver);
        _ = Count(client, Scenario.FirstServer);
        client.Down(length: 100);
        for (int second = 0; second < 60; second++)
        {
            client.Wait(1);
            Assert.Equal(Verdict.OverRate, Send(client, Run(Scenario.FirstServer, 1)).Verdict);
        }

        Assert.DoesNotContain(_driver.Log, happened => happened.Kind == RelayEventKind.Unanswered);
    }

    [Fact]
    public void What_anyone_may_send_takes_nothing_of_a_tunnels_rate()
    {
        Limit(new RouteSettings { Rate = new Rate(100_000, 100_000), TunnelRate = new Rate(100_000, 100_000) });
        Scenario client = Scenario.Confirmed(_driver);

        // An attacker who has seen a packet replays it from elsewhere; another sends garbage under the client's address, or the server's.
        Scenario claim = client.ClaimedFrom(RelayDriver.Client(7));
        while (Send(claim, Run(Scenario.FirstServer, 60)).Verdict == Verdict.Forward)
        {
        }

        Assert.Equal(Verdict.OverBudget, _last.Verdict);
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(Verdict.Forward, Send(client, Run(0x9999, 60)).Verdict);
            Assert.Equal(Verdict.Forward, _driver.FromServer(client.Slot, Run(0x9998, 60), Each).Verdict);
        }

        Assert.Equal(128, Count(client, Scenario.FirstServer));
        Assert.Equal(60 * Each, _driver.FromServer(client.Slot, Run(Scenario.FirstClient, 60), Each).Length);
        Assert.Equal(60 * Each, _driver.FromServer(client.Slot, Run(Scenario.FirstClient, 60), Each).Length);
    }

    private Decision _last;

    private int Count(Scenario client, uint index)
    {
        int passed = 0;
        for (int runs = 0; runs < 10 && Send(client, Run(index, 60)).Verdict == Verdict.Forward; runs++)
        {
            passed += _last.Length / Each;
        }

        return passed;
    }

    private Decision Send(Scenario client, byte[] run) => _last = _driver.FromClient(client.Source, run, Each);

    private void Limit(RouteSettings settings)
    {
        _driver.Routes[0].Settings = settings;
        _driver.Relay.RouteChanged(new RouteId(0, 1));
    }

    private static byte[] Run(uint index, int datagrams, int each = Each) =>
        [.. Enumerable.Range(0, datagrams).SelectMany(_ => WireMessages.Transport(index, each))];
}
