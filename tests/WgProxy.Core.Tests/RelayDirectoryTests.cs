using System.Net;
using WgProxy.Core.Journal;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

/// <summary>A client that comes to another relay of the fleet keeps its tunnel: the relay seeks the index that it does not know, and the next packet claims what is found.</summary>
public sealed partial class RelayDirectoryTests
{
    private const uint ClientIndex = 0xC1;
    private const uint ServerIndex = 0x51;

    private static readonly Source Home = RelayDriver.Client(1);
    private static readonly Source Stranger = RelayDriver.Client(77);

    private readonly RelayDriver _first = new();
    private readonly RelayDriver _second;

    public RelayDirectoryTests() => _second = Seeking(_first.Routes);

    [Fact]
    public void The_next_packet_after_the_answer_claims_the_tunnel_and_the_server_proves_it()
    {
        int slot = _first.Confirm(Home, ClientIndex, ServerIndex);
        Assert.Equal(Verdict.NoMapping, _second.FromClient(Home, WireMessages.Transport(ServerIndex)).Verdict);
        Assert.Equal([ServerIndex], Sought(_second));
        Tell(_second, ServerIndex, Record(_first, slot));

        Decision claim = _second.FromClient(Home, WireMessages.Transport(ServerIndex));
        Assert.Equal((Verdict.Open, Proof.Claimed), (claim.Verdict, _second.Relay.ProofOf(claim.Slot)));
        Assert.Equal(Verdict.Forward, _second.FromClient(Home, WireMessages.Transport(ServerIndex)).Verdict);
        Assert.Equal(Verdict.Forward, _second.FromServer(claim.Slot, WireMessages.Transport(ClientIndex)).Verdict);
        Assert.Equal(Proof.Confirmed, _second.Relay.ProofOf(claim.Slot));
        Assert.Equal(0, _second.Relay.Counters.Tolerated(Direction.Uplink) + _second.Relay.Counters.Tolerated(Direction.Downlink));
        Assert.Empty(Sought(_second));
        AssertCounted(sought: 1, found: 1, used: 1);
    }

    [Fact]
    public void Without_a_directory_nothing_is_sought()
    {
        Assert.Equal(Verdict.NoMapping, _first.FromClient(Home, WireMessages.Transport(ServerIndex)).Verdict);
        Assert.False(_first.Relay.HasSought || _first.Relay.TryTakeSought(out _));
    }

    [Fact]
    public void An_index_is_sought_again_after_64_ms_and_then_less_and_less_often()
    {
        List<double> sought = [];
        for (int millisecond = 0; millisecond < 5_000; millisecond += 4)
        {
            _second.FromClient(RelayDriver.Client(millisecond % 40), WireMessages.Transport(ServerIndex));
            sought.AddRange(Sought(_second).Select(_ => (double)millisecond));
            _second.Pass(0.004);
        }

        Assert.Equal([0, 64, 192, 448, 960, 1_984, 3_008, 4_032], sought);
        _second.Pass(11);
        _second.FromClient(Home, WireMessages.Transport(ServerIndex));
        Assert.Single(Sought(_second));
        _second.Pass(0.064);
        _second.FromClient(Home, WireMessages.Transport(ServerIndex));
        Assert.Single(Sought(_second));
    }

    [Fact]
    public void Keys_that_were_renewed_by_way_of_another_relay_are_taken_over()
    {
        // A balancer sends each packet to another relay. The session is known to both, and then the client renews its keys by way of the first.
        int slot = _first.Confirm(Home, ClientIndex, ServerIndex);
        int there = Claimed(_second, ServerIndex, Record(_first, slot));
        _second.FromServer(there, WireMessages.Transport(ClientIndex));
        _first.FromClient(Home, WireMessages.Initiation(_first.Mac1, 0xC2));
        _first.FromServer(slot, WireMessages.Response(0x52, 0xC2));
        _first.FromClient(Home, WireMessages.Transport(0x52));

        // Until the answer comes, they pass as what only the ends can judge.
        Assert.Equal(Verdict.Forward, _second.FromClient(Home, WireMessages.Transport(0x52)).Verdict);
        Assert.Equal(1, _second.Relay.Counters.Tolerated(Direction.Uplink));
        Assert.Equal([0x52u], Sought(_second));
        Tell(_second, 0x52, Record(_first, slot));
        Assert.Equal(Verdict.Forward, _second.FromClient(Home, WireMessages.Transport(0x52)).Verdict);
        Assert.Equal(Verdict.Forward, _second.FromServer(there, WireMessages.Transport(0xC2)).Verdict);
        Assert.Equal(1, _second.Relay.Counters.Tolerated(Direction.Uplink));
        Assert.Equal(0, _second.Relay.Counters.Tolerated(Direction.Downlink));
    }

    [Fact]
    public void Keys_that_were_renewed_on_a_claim_are_taken_over_by_the_relay_before()
    {
        // The claim then has a tunnel of its own. Its record has the old keys too, which lead elsewhere, and by them both sides are one session.
        int slot = _first.Confirm(Home, ClientIndex, ServerIndex);
        int there = Claimed(_second, ServerIndex, Record(_first, slot));
        _second.FromServer(there, WireMessages.Transport(ClientIndex));
        _second.FromClient(Home, WireMessages.Initiation(_second.Mac1, 0xC2));
        _second.FromServer(there, WireMessages.Response(0x52, 0xC2));
        _second.FromClient(Home, WireMessages.Transport(0x52));

        _first.Relay.KeepDirectory();
        _first.FromClient(Home, WireMessages.Transport(0x52));
        Assert.Equal([0x52u], Sought(_first));
        Tell(_first, 0x52, Record(_second, there));
        Assert.Equal(Verdict.Forward, _first.FromClient(Home, WireMessages.Transport(0x52)).Verdict);
        Assert.Equal(Verdict.Forward, _first.FromServer(slot, WireMessages.Transport(0xC2)).Verdict);
        Assert.Equal((1, 0), (_first.Relay.Counters.Tolerated(Direction.Uplink), _first.Relay.Counters.Tolerated(Direction.Downlink)));
    }

    [Fact]
    public void A_found_tunnel_waits_for_a_keepalive_and_no_longer()
    {
        MappingRecord record = Record(_first, _first.Confirm(Home, ClientIndex, ServerIndex));
        Tell(_second, ServerIndex, record);
        _second.Pass(29.9);
        Assert.Equal(Verdict.Open, _second.FromClient(Home, WireMessages.Transport(ServerIndex)).Verdict);

        RelayDriver third = Seeking(_first.Routes);
        Tell(third, ServerIndex, record);
        third.Pass(30);
        Assert.Equal(Verdict.NoMapping, third.FromClient(Home, WireMessages.Transport(ServerIndex)).Verdict);
        Assert.Equal([ServerIndex], Sought(third));
    }

    [Fact]
    public void A_client_that_lingers_here_comes_back_to_its_port()
    {
        int slot = _second.Confirm(Home, 0xC9, 0x59);
        _second.Pass(_second.Settings.IdleTimeout.TotalSeconds + 1);
        Assert.Equal(Proof.Lingering, _second.Relay.ProofOf(slot));
        MappingRecord record = Record(_first, _first.Confirm(Home, ClientIndex, ServerIndex));
        Assert.Equal(Verdict.UnknownIndex, _second.FromClient(Home, WireMessages.Transport(ServerIndex)).Verdict);
        Tell(_second, Assert.Single(Sought(_second)), record);
        Decision claim = _second.FromClient(Home, WireMessages.Transport(ServerIndex));
        Assert.Equal((Verdict.Forward, slot, Proof.Claimed), (claim.Verdict, claim.Slot, _second.Relay.ProofOf(slot)));
    }

    [Fact]
    public void An_answer_to_a_question_that_the_server_asked_elsewhere_is_claimed_too()
    {
        int slot = _first.Confirm(Home, ClientIndex, ServerIndex);
        _first.FromServer(slot, WireMessages.Initiation(_first.Mac1, 0x60));
        byte[] answer = WireMessages.Response(0xC6, 0x60, _first.Mac1);
        Assert.Equal(Verdict.NoMapping, _second.FromClient(Home, answer).Verdict);
        Tell(_second, Assert.Single(Sought(_second)), Record(_first, slot));
        Decision claim = _second.FromClient(Home, answer);
        Assert.Equal(Verdict.Open, claim.Verdict);
        Assert.Equal(Verdict.Forward, _second.FromServer(claim.Slot, WireMessages.Transport(0xC6)).Verdict);
        Assert.Equal(Proof.Confirmed, _second.Relay.ProofOf(claim.Slot));
    }

    [Fact]
    public void What_is_no_tunnel_of_ours_is_not_kept()
    {
        MappingRecord record = Record(_first, _first.Confirm(Home, ClientIndex, ServerIndex));
        MappingRecord ended = record;
        ended.Proof = Proof.None;
        Tell(_second, ServerIndex, ended);
        Tell(_second, ServerIndex + 1, record);
        Tell(Seeking([RelayDriver.NewRoute()]), ServerIndex, record);
        MappingRecord over = record.AgedBy((long)Limits.IndexLifetime.TotalMilliseconds);
        Tell(_second, ServerIndex, over);
        MappingRecord foreign = record;
        foreign.Tunnel.Pairs[0].Marks &= ~IndexMarks.LeadsHere;
        Tell(_second, ServerIndex, foreign);
        Assert.Equal(Verdict.NoMapping, _second.FromClient(Home, WireMessages.Transport(ServerIndex)).Verdict);
        Assert.Equal(4, _second.Relay.Counters[DirectoryCount.NotOurs]);
        Assert.Equal(0, _second.Relay.Counters[DirectoryCount.Found] + _second.Relay.Counters[DirectoryCount.Late]);
    }

    [Fact]
    public void What_was_copied_to_a_tunnel_leads_nobody_there_from_elsewhere()
    {
        // A stranger claims with a sniffed index, and shakes hands there as a peer of the server's own. He then has a tunnel of his own, with a copy of its client's keys.
        _first.Confirm(Home, ClientIndex, ServerIndex);
        int claim = _first.FromClient(Stranger, WireMessages.Transport(ServerIndex)).Slot;
        _first.FromClient(Stranger, WireMessages.Initiation(_first.Mac1, 0xD1));
        _first.FromServer(claim, WireMessages.Response(0x91, 0xD1));
        MappingRecord strangers = Record(_first, claim);
        Tell(_second, 0x91, strangers);
        Assert.Equal(Verdict.Open, _second.FromClient(Stranger, WireMessages.Transport(0x91)).Verdict);
        Assert.Equal(Verdict.NoMapping, _second.FromClient(Home, WireMessages.Transport(ServerIndex)).Verdict);
        Assert.Equal([ServerIndex], Sought(_second));
    }

    [Fact]
    public void A_late_answer_is_kept_and_counted_as_late()
    {
        MappingRecord record = Record(_first, _first.Confirm(Home, ClientIndex, ServerIndex));
        _second.FromClient(Home, WireMessages.Transport(ServerIndex));
        _second.Pass(1.1);
        Tell(_second, ServerIndex, record);
        AssertCounted(sought: 1, late: 1);
        Assert.Equal(Verdict.Open, _second.FromClient(Home, WireMessages.Transport(ServerIndex)).Verdict);
        AssertCounted(sought: 1, late: 1, used: 1);
    }

    private static RelayDriver Seeking(IReadOnlyList<Route> routes, RelaySettings? settings = null)
    {
        RelayDriver driver = new(routes, settings);
        driver.Relay.KeepDirectory();
        return driver;
    }

    private static uint[] Sought(RelayDriver driver)
    {
        List<uint> sought = [];
        while (driver.Relay.TryTakeSought(out uint index))
        {
            sought.Add(index);
        }

        return [.. sought];
    }

    private static MappingRecord Record(RelayDriver driver, int slot) => driver.Relay.RecordOf(slot, driver.Now);

    private static void Tell(RelayDriver driver, uint index, MappingRecord record) => driver.Relay.Found(index, record, driver.Now);

    private static int Claimed(RelayDriver driver, uint index, MappingRecord record)
    {
        Tell(driver, index, record);
        Decision claim = driver.FromClient(Home, WireMessages.Transport(index));
        Assert.Equal(Verdict.Open, claim.Verdict);
        return claim.Slot;
    }

    private void AssertCounted(long sought = 0, long found = 0, long late = 0, long used = 0) => Assert.Equal(
        (sought, found, late, used),
        (_second.Relay.Counters[DirectoryCount.Sought], _second.Relay.Counters[DirectoryCount.Found],
            _second.Relay.Counters[DirectoryCount.Late], _second.Relay.Counters[DirectoryCount.Used]));
}
