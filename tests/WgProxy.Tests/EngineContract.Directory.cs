using System.Collections.Concurrent;
using WgProxy.Core;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;

namespace WgProxy.Tests;

// The directory: an index that the engine does not know is sought, and what is found is claimed by the next packet.
public abstract partial class EngineContract
{
    private readonly ConcurrentQueue<SoughtIndex> _soughtIndices = new();
    private DirectorySettings? _directory;

    [Fact]
    public void An_unknown_index_is_sought_and_the_next_packet_claims_what_is_found()
    {
        EngineContractTunnel tunnel = EndWithDirectory(out MappingRecord record);
        EngineContractCounts moved = EndedTunnel();
        tunnel.Client.Send(tunnel.FromClient(), Wire.RelayFor(tunnel.Client));
        SoughtIndex sought = Sought();
        Assert.Equal(record.Tunnel.Pairs[0].ServerIndex, sought.Index);
        moved.Add("uplink.NoMapping", 1);
        moved.AddDirectory(DirectoryCount.Sought);
        moved.AssertMoved(Wire);

        Assert.True(Engine.Tell(new DirectoryAnswer(sought, record)));
        moved.AddDirectory(DirectoryCount.Found);
        moved.AssertMoved(Wire);

        (byte[] up, byte[] down) = (tunnel.FromClient(), tunnel.FromServer());
        tunnel.Client.Send(up, Wire.RelayFor(tunnel.Client));
        tunnel.Server.Send(down, tunnel.Server.Expect(up));
        tunnel.Client.Expect(down);
        moved.Add("uplink.Open", 1);
        moved.Add("bytes.Uplink", WireMessages.KeepaliveLength);
        moved.AddDown();
        moved.Add("event.Claimed", 1);
        moved.Add("event.Opened", 1);
        moved.Add("event.Confirmed", 1);
        moved.Add("mappings.Confirmed", 1);
        moved.AddDirectory(DirectoryCount.Used);
        moved.AssertMoved(Wire);
        Assert.Empty(_soughtIndices);
    }

    [Fact]
    public void What_is_found_for_another_server_is_not_claimed()
    {
        EngineContractTunnel tunnel = EndWithDirectory(out MappingRecord record);
        EngineContractCounts moved = EndedTunnel();
        tunnel.Client.Send(tunnel.FromClient(), Wire.RelayFor(tunnel.Client));
        Assert.True(Engine.Tell(new DirectoryAnswer(Sought(), record with { Route = RouteKey.From(NewRoute().Key) })));
        moved.Add("uplink.NoMapping", 1);
        moved.AddDirectory(DirectoryCount.Sought);
        moved.AddDirectory(DirectoryCount.NotOurs);
        moved.AssertMoved(Wire);
        tunnel.Client.Send(tunnel.FromClient(), Wire.RelayFor(tunnel.Client));
        moved.Add("uplink.NoMapping", 1);
        moved.AssertMoved(Wire, "directory.Sought");
    }

    [Fact]
    public void An_engine_that_does_not_run_or_has_no_directory_is_told_of_nothing()
    {
        EngineContractTunnel tunnel = EndWithDirectory(out MappingRecord record);
        tunnel.Client.Send(tunnel.FromClient(), Wire.RelayFor(tunnel.Client));
        SoughtIndex sought = Sought();
        Engine.Stop();
        Assert.False(Engine.Tell(new DirectoryAnswer(sought, record)));
        Wire.Dispose();
        (_journal, _directory) = (null, null);
        Start();
        Assert.False(Engine.Tell(new DirectoryAnswer(sought, record)));
    }

    private EngineContractTunnel EndWithDirectory(out MappingRecord record)
    {
        _directory = new DirectorySettings
        {
            Seek = sought =>
            {
                _soughtIndices.Enqueue(sought);
                return true;
            },
        };
        StartWithJournal();
        EngineContractTunnel tunnel = NewTunnel(NewServer()).Establish();
        record = EndAndRecord();
        return tunnel;
    }

    private SoughtIndex Sought()
    {
        SoughtIndex sought = default;
        EngineContractWire.Await(() => _soughtIndices.TryDequeue(out sought), () => "nothing is sought");
        return sought;
    }
}
