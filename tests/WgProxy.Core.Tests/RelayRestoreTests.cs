using System.Net;
using WgProxy.Core.Journal;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Core.Tests.Journal;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

/// <summary>Mappings that go on in another relay from their records.</summary>
public sealed class RelayRestoreTests
{
    private static readonly JournalInstant Written = new(Boot: 7, SinceBoot: 1_000_000, Utc: 50_000_000);

    private readonly RelayDriver _old = new();

    [Fact]
    public void A_restored_tunnel_goes_on_both_ways_on_its_port()
    {
        int slot = _old.Confirm(RelayDriver.Client(1));
        RelayDriver driver = Another();
        Assert.Equal(RestoreVerdict.Restored, Restore(driver, RecordOf(slot), Written, out int restored));
        Assert.Equal(Proof.Confirmed, driver.Relay.ProofOf(restored));
        Decision up = driver.FromClient(RelayDriver.Client(1), WireMessages.Transport(0x51));
        Assert.Equal(new Decision(Verdict.Forward, restored, 32), up);
        Assert.Equal(Verdict.Forward, driver.FromServer(restored, WireMessages.Transport(0xC1)).Verdict);
        Assert.Equal(0, driver.Relay.Counters.Tolerated(Direction.Uplink) + driver.Relay.Counters.Tolerated(Direction.Downlink));
        Assert.Equal(1, driver.Relay.Counters[RelayEventKind.Restored]);
        Assert.Equal(1, driver.Relay.Counters[Proof.Confirmed]);
    }

    /// <summary>A record does not say when its initiation was forwarded, and who had the slot before asked at another time.</summary>
    [Fact]
    public void An_answer_to_a_restored_mapping_is_not_timed()
    {
        RelayDriver driver = Another();
        int former = driver.Ask(RelayDriver.Client(5), Scenario.FirstClient);
        driver.Pass(16);
        Assert.Equal(RestoreVerdict.Restored, Restore(driver, RecordOf(_old.Ask(RelayDriver.Client(1))), Written, out int restored));
        Assert.Equal(former, restored);
        Assert.Equal(Verdict.Forward, driver.FromServer(restored, WireMessages.Response(Scenario.FirstServer, Scenario.FirstClient)).Verdict);
        Assert.Equal(1, driver.Relay.CountersOf(new RouteId(0, 1))!.Handshakes);
        Assert.Equal(0, Enumerable.Range(0, AnswerTimes.Entries).Sum(entry => driver.Relay.Counters.Answers[entry]));
    }

    [Fact]
    public void A_roaming_client_finds_its_restored_tunnel()
    {
        int slot = _old.Confirm(RelayDriver.Client(1));
        RelayDriver driver = Another();
        Restore(driver, RecordOf(slot), Written, out int restored);
        Decision claim = driver.FromClient(RelayDriver.Client(2), WireMessages.Transport(0x51));
        Assert.Equal(Verdict.Open, claim.Verdict);
        Assert.Equal(Proof.Claimed, driver.Relay.ProofOf(claim.Slot));
        Assert.Equal(Verdict.Forward, driver.FromServer(claim.Slot, WireMessages.Transport(0xC1)).Verdict);
        Assert.Equal(Proof.Confirmed, driver.Relay.ProofOf(claim.Slot));
        Assert.Equal(Proof.Confirmed, driver.Relay.ProofOf(restored));
    }

    [Fact]
    public void After_a_reboot_the_age_is_told_by_UTC_and_keys_end_when_they_would_have()
    {
        int slot = _old.Confirm(RelayDriver.Client(1));
        RelayDriver driver = Another();
        JournalInstant rebooted = new(Boot: 8, SinceBoot: 20_000, Utc: Written.Utc + 185_000);
        Assert.Equal(RestoreVerdict.Restored, Restore(driver, RecordOf(slot), rebooted, out _));
        driver.FromClient(RelayDriver.Client(1), WireMessages.Transport(0x51));
        Assert.Equal(0, driver.Relay.Counters.Tolerated(Direction.Uplink));
        driver.Pass(5.1);
        driver.FromClient(RelayDriver.Client(1), WireMessages.Transport(0x51));
        Assert.Equal(1, driver.Relay.Counters.Tolerated(Direction.Uplink));
    }

    [Fact]
    public void A_mapping_that_expired_meanwhile_lingers_if_it_would_have()
    {
        int slot = _old.Confirm(RelayDriver.Client(1));
        RelayDriver driver = Another();
        Assert.Equal(RestoreVerdict.Restored, Restore(driver, RecordOf(slot), Later(310), out int restored));
        driver.Pass(0);
        Assert.Equal(Proof.Lingering, driver.Relay.ProofOf(restored));
        Assert.Equal(RestoreVerdict.Expired, Restore(Another(), RecordOf(slot), Later(490), out _));
        Assert.Equal(RestoreVerdict.Expired, Restore(Another(), RecordOf(_old.Ask(RelayDriver.Client(2))), Later(16), out _));
    }

    // Whatever the restart took of it, it lingers for 180 s from its deadline at 300 s, as it would have without.
    [Fact]
    public void What_expired_meanwhile_lingers_since_its_deadline_and_not_since_the_restart()
    {
        int slot = _old.Confirm(RelayDriver.Client(1));
        RelayDriver driver = Another();
        Assert.Equal(RestoreVerdict.Restored, Restore(driver, RecordOf(slot), Later(470), out int restored));
        driver.Pass(9.9);
        Assert.Equal(Proof.Lingering, driver.Relay.ProofOf(restored));
        driver.Pass(0.2);
        Assert.Equal(Proof.None, driver.Relay.ProofOf(restored));
    }

    [Fact]
    public void The_end_of_a_restored_mapping_is_told_even_before_its_record_was_taken_again()
    {
        int slot = _old.Confirm(RelayDriver.Client(1));
        RelayDriver driver = Another();
        driver.Relay.KeepJournal();
        driver.Relay.Restore(RecordOf(slot), Written, driver.Now, out int unopened);
        driver.Relay.OpenFailed(unopened);
        Assert.False(driver.Relay.HasRecords && driver.Relay.TryTakeRecord(driver.Now, out _, out _));

        Restore(driver, RecordOf(slot), Written, out _);
        driver.Pass(500);
        Assert.True(driver.Relay.TryTakeRecord(driver.Now, out MappingRecord told, out int of));
        Assert.True(told.IsEnded);
        Assert.Equal((-1, RelayDriver.Client(1)), (of, told.Source));
        Assert.True(told.Route.Is(_old.Routes[0].Key));
        Assert.False(driver.Relay.TryTakeRecord(driver.Now, out _, out _));
    }

    [Fact]
    public void A_routes_own_idle_timeout_bounds_its_restored_mappings()
    {
        _old.Routes[0].Settings = new RouteSettings { IdleTimeout = TimeSpan.FromSeconds(900) };
        MappingRecord record = RecordOf(_old.Confirm(RelayDriver.Client(1)));
        RelayDriver driver = Another();
        Assert.Equal(RestoreVerdict.Restored, Restore(driver, record with { ExpiresIn = long.MaxValue }, Written, out int restored));
        driver.Pass(899.9);
        Assert.Equal(Proof.Confirmed, driver.Relay.ProofOf(restored));
        driver.Pass(0.2);
        Assert.Equal(Proof.Lingering, driver.Relay.ProofOf(restored));
    }

    [Fact]
    public void By_another_port_the_server_knows_nothing_of_it_yet()
    {
        int slot = _old.Confirm(RelayDriver.Client(1));
        RelayDriver driver = Another();
        Restore(driver, RecordOf(slot), Written, out int restored, port: 50_000);
        Assert.Equal(50_000, driver.Log[^1].Port);
        Assert.False(driver.Log[^1].ServerUsedPort);
        Assert.Equal(Verdict.Forward, driver.FromClient(RelayDriver.Client(1), WireMessages.Transport(0x51)).Verdict);
        Assert.Equal(Verdict.Forward, driver.FromServer(restored, WireMessages.Transport(0xC1)).Verdict);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Mappings_of_one_tunnel_join_again_in_any_order(bool reversed)
    {
        int first = _old.Confirm(RelayDriver.Client(1));
        int[] slots = [first, .. Enumerable.Range(2, 4).Select(client => _old.FromClient(RelayDriver.Client(client), WireMessages.Transport(0x51)).Slot)];
        RelayDriver driver = Another();
        foreach (int slot in reversed ? slots.Reverse() : slots)
        {
            Assert.Equal(RestoreVerdict.Restored, Restore(driver, RecordOf(slot), Written, out _));
        }

        // A tunnel of five members, four of them claims, takes no further claim.
        Assert.Equal(Verdict.ClaimRefused, driver.FromClient(RelayDriver.Client(9), WireMessages.Transport(0x51)).Verdict);
        Assert.Equal(0, driver.Relay.Counters.IndexConflicts);
    }

    // Of 64 tunnels with two mappings each, no index is believed any more: each second mapping looks at its own tunnel, and at no other.
    [Fact]
    public void A_tunnel_without_a_living_index_is_found_without_a_search()
    {
        RelayDriver old = new(_old.Routes, new RelaySettings { MaxMappings = 512, MaxAsked = 256 });
        List<MappingRecord> records = [];
        for (int i = 0; i < 64; i++)
        {
            int first = old.Confirm(RelayDriver.Client(i), 0xC000 + (uint)i, 0x5000 + (uint)i);
            int second = old.FromClient(RelayDriver.Client(1_000 + i), WireMessages.Transport(0x5000 + (uint)i)).Slot;
            old.FromServer(second, WireMessages.Transport(0xC000 + (uint)i));
            records.AddRange([old.Relay.RecordOf(first, old.Now) with { Written = Written }, old.Relay.RecordOf(second, old.Now) with { Written = Written }]);
        }

        RelayDriver driver = Another(old.Settings);
        Assert.All(records, record => Assert.Equal(RestoreVerdict.Restored, Restore(driver, record, Later(250), out _)));
        Assert.Equal(64, driver.Relay.RestoredLookedAt);
        Assert.All(Enumerable.Range(0, 128), slot => Assert.Equal(2, driver.Relay.RecordOf(slot, driver.Now).Tunnel.Members));

        // What has ended is not kept.
        driver.Pass(1_000);
        Assert.Equal(RestoreVerdict.Restored, Restore(driver, records[0], Written, out _));
        Assert.Equal(64, driver.Relay.RestoredLookedAt);
    }

    [Fact]
    public void A_record_whose_socket_did_not_open_can_be_restored_later()
    {
        MappingRecord record = RecordOf(_old.Confirm(RelayDriver.Client(1)));
        RelayDriver driver = Another();
        driver.Relay.KeepJournal();
        Assert.Equal(RestoreVerdict.Restored, driver.Relay.Restore(record, Written, driver.Now, out int slot));
        driver.Relay.OpenFailed(slot);
        driver.Pass(5);
        Assert.False(driver.Relay.TryTakeRecord(driver.Now, out _, out _));
        Assert.Equal(RestoreVerdict.Restored, Restore(driver, record, Later(5), out slot));
        Assert.Equal(new Decision(Verdict.Forward, slot, 32), driver.FromClient(RelayDriver.Client(1), WireMessages.Transport(0x51)));
        Assert.Equal(Verdict.Forward, driver.FromServer(slot, WireMessages.Transport(0xC1)).Verdict);
    }

    [Fact]
    public void What_cannot_be_restored_is_refused_by_name()
    {
        MappingRecord record = RecordOf(_old.Confirm(RelayDriver.Client(1)));
        Assert.Equal(RestoreVerdict.Ended, Restore(Another(), record with { Proof = Proof.None }, Written, out _));
        Assert.Equal(RestoreVerdict.NoPort, Restore(Another(), record with { UpstreamPort = 0 }, Written, out _));
        Assert.Equal(RestoreVerdict.UnknownRoute, Restore(new RelayDriver(), record, Written, out _));
        Assert.Equal(RestoreVerdict.Expired, Restore(Another(), record, Later(600), out _));
        AddressList deny = new([IPNetwork.Parse("192.0.2.0/24")]);
        Assert.Equal(RestoreVerdict.Denied, Restore(Another(new RelaySettings { Deny = deny }), record, Written, out _));
        Assert.Equal(RestoreVerdict.NoServer, Restore(new RelayDriver([Unresolved()]), record with { Server = null }, Written, out _));
        RelayDriver full = Another(new RelaySettings { MaxMappings = 1 });
        Assert.Equal(RestoreVerdict.Restored, Restore(full, record, Written, out _));
        Assert.Equal(RestoreVerdict.Duplicate, Restore(full, record, Written, out int slot));
        Assert.Equal(-1, slot);
        Assert.Equal(RestoreVerdict.NoRoom, Restore(full, record with { Source = RelayDriver.Client(2) }, Written, out _));
    }

    [Fact]
    public void Before_its_name_is_resolved_a_server_is_where_it_was()
    {
        MappingRecord record = RecordOf(_old.Confirm(RelayDriver.Client(1)));
        RelayDriver driver = new([Unresolved()]);
        Assert.Equal(RestoreVerdict.Restored, Restore(driver, record, Written, out int slot));
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 51_820), driver.Relay.ServerOf(slot));
        Assert.Equal(Verdict.Forward, driver.FromClient(RelayDriver.Client(1), WireMessages.Transport(0x51)).Verdict);
    }

    // Whoever can write records can waste slots, for as long as a mapping may live, and no more.
    [Fact]
    public void Any_record_costs_a_slot_at_most()
    {
        Random random = new(5);
        RelayDriver driver = Another(new RelaySettings { MaxMappings = 2_000 });
        int restored = 0;
        for (int i = 0; i < 5_000; i++)
        {
            MappingRecord record = AnyRecord.Of(random) with { Route = RouteKey.From(_old.Routes[0].Key) };
            restored += Restore(driver, record, Written, out _) == RestoreVerdict.Restored ? 1 : 0;
        }

        Assert.InRange(restored, 500, 2_000);
        driver.Relay.KeepJournal();
        for (int i = 0; i < 2_000; i++)
        {
            driver.FromClient(RelayDriver.Client(i), WireMessages.Transport((uint)i));
            driver.FromServer(i, WireMessages.Transport((uint)i));
        }

        driver.Pass(1_000);
        Assert.Equal(0, Enum.GetValues<Proof>().Where(proof => proof != Proof.None).Sum(proof => driver.Relay.Counters[proof]));
        Assert.Equal(Tick.Never, driver.Relay.Advance(driver.Now));
    }

    private static JournalInstant Later(int seconds) => Written with { SinceBoot = Written.SinceBoot + (seconds * 1_000) };

    private static RestoreVerdict Restore(RelayDriver driver, MappingRecord record, JournalInstant instant, out int slot, ushort? port = null)
    {
        RestoreVerdict verdict = driver.Relay.Restore(record, instant, driver.Now, out slot);
        if (verdict == RestoreVerdict.Restored)
        {
            driver.Relay.Restored(slot, port ?? record.UpstreamPort, record.UpstreamPort);
            driver.Pass(0);
        }

        return verdict;
    }

    private MappingRecord RecordOf(int slot) => _old.Relay.RecordOf(slot, _old.Now) with { Written = Written };

    private RelayDriver Another(RelaySettings? settings = null) => new([.. _old.Routes], settings);

    private Route Unresolved()
    {
        Assert.True(PublicKey.TryParse(_old.Routes[0].Key.ToString(), out PublicKey? key, out _));
        return new Route(key);
    }
}
