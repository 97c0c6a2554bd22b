using WgProxy.Core.Journal;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

/// <summary>What the journal tells, and when.</summary>
public sealed class RelayJournalTests
{
    private readonly RelayDriver _driver = new();

    [Fact]
    public void Nothing_is_told_unless_a_journal_is_kept()
    {
        _driver.Confirm(RelayDriver.Client(1));
        Assert.False(_driver.Relay.HasRecords);
        Assert.False(_driver.Relay.TryTakeRecord(_driver.Now, out _, out _));
    }

    [Fact]
    public void A_stranger_is_not_recorded_and_an_answered_client_is()
    {
        _driver.Relay.KeepJournal();
        int slot = _driver.Ask(RelayDriver.Client(1));
        Assert.False(_driver.Relay.TryTakeRecord(_driver.Now, out _, out _));
        _driver.FromServer(slot, WireMessages.Response(0x51, 0xC1));
        (MappingRecord record, int of) = Assert.Single(Take());
        Assert.Equal((slot, Proof.Answered, RelayDriver.Client(1)), (of, record.Proof, record.Source));
        Assert.True(record.Route.Is(_driver.Routes[0].Key));
        Assert.Equal(40_000, record.UpstreamPort);
        Assert.Equal((0x51U, 0xC1U), (record.Tunnel.Pairs[0].ServerIndex, record.Tunnel.Pairs[0].ClientIndex));
    }

    [Fact]
    public void Each_slot_has_one_record_however_often_it_changed()
    {
        _driver.Relay.KeepJournal();
        int slot = _driver.Confirm(RelayDriver.Client(1));
        (MappingRecord record, int of) = Assert.Single(Take());
        Assert.Equal((slot, Proof.Confirmed), (of, record.Proof));
        Assert.False(_driver.Relay.HasRecords);
    }

    [Fact]
    public void An_end_is_told_before_the_sources_next_mapping()
    {
        _driver.Relay.KeepJournal();
        _driver.Confirm(RelayDriver.Client(1));
        Take();
        _driver.Pass(481);
        _driver.Confirm(RelayDriver.Client(1), client: 0xC2, server: 0x52);
        (MappingRecord Record, int Slot)[] told = Take();
        Assert.Equal([Proof.None, Proof.Confirmed], told.Select(each => each.Record.Proof));
        Assert.Equal(-1, told[0].Slot);
        Assert.True(told[0].Record.IsEnded);
        Assert.Equal((RelayDriver.Client(1), (ushort)40_000), (told[0].Record.Source, told[0].Record.UpstreamPort));
    }

    [Fact]
    public void The_end_of_a_mapping_that_was_not_recorded_is_not_told()
    {
        _driver.Relay.KeepJournal();
        _driver.Ask(RelayDriver.Client(1));
        _driver.Answer(RelayDriver.Client(2));
        _driver.Pass(400);
        Assert.Empty(Take());
    }

    [Fact]
    public void A_live_tunnel_writes_itself_anew_and_a_silent_one_does_not()
    {
        _driver.Relay.KeepJournal();
        _driver.Confirm(RelayDriver.Client(1), 0xC1, 0x51);
        int live = _driver.Confirm(RelayDriver.Client(2), 0xC2, 0x52);
        Take();
        double since = 0;
        for (int i = 0; i < 180; i++)
        {
            _driver.Pass(1);
            since++;
            _driver.FromClient(RelayDriver.Client(2), WireMessages.Transport(0x52));
            foreach ((MappingRecord record, int slot) in Take())
            {
                Assert.Equal(live, slot);
                Assert.InRange(record.ExpiresIn, 298_000, 300_000);
                since = 0;
            }

            Assert.InRange(since, 0, 46);
        }
    }

    [Fact]
    public void Records_of_many_mappings_come_in_turn()
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 512, MaxAsked = 256 });
        driver.Relay.KeepJournal();
        int[] slots = [.. Enumerable.Range(0, 200).Select(i => driver.Confirm(RelayDriver.Client(i), 0xC000 + (uint)i, 0x5000 + (uint)i))];
        List<int> told = [];
        while (driver.Relay.TryTakeRecord(driver.Now, out _, out int slot))
        {
            told.Add(slot);
        }

        Assert.Equal(slots, told);
    }

    [Fact]
    public void Ends_beyond_those_that_can_wait_are_left_to_time()
    {
        ChangedSlots changes = new(4);
        for (int i = 0; i < 1_100; i++)
        {
            changes.Taken(i % 4, new Tick(1));
            changes.End(i % 4, new EndedMapping(RelayDriver.Client(i), default, 1));
        }

        Assert.Equal(76, changes.Untold);
        for (int i = 0; i < 1_024; i++)
        {
            Assert.True(changes.TryTakeEnded(out EndedMapping ended));
            Assert.Equal(RelayDriver.Client(i), ended.Source);
        }

        Assert.False(changes.TryTakeEnded(out _));
        Assert.False(changes.Any);
    }

    [Fact]
    public void Marking_and_taking_allocate_nothing()
    {
        _driver.Relay.KeepJournal();
        int slot = _driver.Confirm(RelayDriver.Client(1));
        byte[] response = WireMessages.Response(0x77, 0xC9);
        byte[] initiation = WireMessages.Initiation(_driver.Mac1, 0xC9);
        byte[] data = WireMessages.Transport(0x51);
        Source client = RelayDriver.Client(1);
        _driver.FromClient(RelayDriver.Client(1), initiation);
        Take();
        byte[] bytes = new byte[MappingRecord.Size];
        long allocated = Allocated.InBestOf(5, () =>
        {
            _driver.Relay.FromServer(slot, response, response.Length, _driver.Now);
            _driver.Relay.FromClient(data, data.Length, client, _driver.Now);
            Assert.True(_driver.Relay.HasRecords);
            while (_driver.Relay.TryTakeRecord(_driver.Now, out MappingRecord record, out _))
            {
                record.Write(bytes);
            }
        });
        Assert.Equal(0, allocated);
    }

    private (MappingRecord Record, int Slot)[] Take()
    {
        List<(MappingRecord, int)> taken = [];
        while (_driver.Relay.TryTakeRecord(_driver.Now, out MappingRecord record, out int slot))
        {
            taken.Add((record, slot));
        }

        return [.. taken];
    }
}
