using System.Runtime.CompilerServices;
using WgProxy.Core.Mappings;
using WgProxy.Core.Routes;
using WgProxy.Core.Tunnels;

namespace WgProxy.Core.Tests.Mappings;

/// <summary>What a mapping costs in the relay's tables. Their rows are made at the start; memory is used where they are
/// written.</summary>
public sealed class CostTests
{
    // With 10,000 mappings each byte here is 10 kB. A field that few mappings need belongs into the other rows.
    [Fact]
    public void Rows_that_every_mapping_writes_are_small()
    {
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"mapping {Unsafe.SizeOf<Mapping>()} + {Unsafe.SizeOf<MappingExtras>()} bytes, "
            + $"tunnel {Unsafe.SizeOf<Tunnel>()} + {Unsafe.SizeOf<ServerHandshakes>()} + {Unsafe.SizeOf<TunnelPeers>()}");
        Assert.InRange(Unsafe.SizeOf<Mapping>(), 1, 192);
        Assert.InRange(Unsafe.SizeOf<Tunnel>(), 1, 192);
    }

    // Written only by mappings that are unusual, that roam, or that have peers listed.
    [Fact]
    public void What_stands_aside_is_no_larger_than_a_row_or_two()
    {
        Assert.InRange(Unsafe.SizeOf<MappingExtras>(), 1, 192);
        Assert.InRange(Unsafe.SizeOf<ServerHandshakes>(), 1, 384);
        Assert.InRange(Unsafe.SizeOf<TunnelPeers>(), 1, 192);
    }

    // Slots are drawn and returned like a stack, so that a relay with few mappings stays on few pages.
    [Fact]
    public void Slots_in_use_are_neighbours()
    {
        MappingTable table = new(1000, (1, 2));
        int[] slots = [.. Enumerable.Range(0, 100).Select(i => table.Add(SourceOf(i)))];
        Array.ForEach(slots, slot =>
        {
            table.Unlink(slot);
            table.Free(slot);
        });
        Assert.Equal(99, slots.Max());
        Assert.InRange(Enumerable.Range(0, 100).Max(i => table.Add(SourceOf(i))), 0, 99);
    }

    [Fact]
    public void What_stands_aside_is_empty_for_the_next_mapping_of_the_slot()
    {
        MappingTable table = new(1, (1, 2));
        int slot = table.Add(SourceOf(1));
        table.ExtrasOf(slot).ProbationIndex = 7;
        Assert.True(table[slot].HasExtras);
        Assert.Equal(7U, table.ExtrasOf(slot).ProbationIndex);
        table.Unlink(slot);
        table.Free(slot);
        Assert.Equal(slot, table.Add(SourceOf(2)));
        Assert.False(table[slot].HasExtras);
        Assert.Equal(0U, table.ExtrasOf(slot).ProbationIndex);
    }

    [Fact]
    public void What_a_server_asked_is_empty_for_the_next_tunnel_of_the_row()
    {
        MappingTable mappings = new(1, (1, 2));
        TunnelTable tunnels = new(new RouteTable([RelayDriver.NewRoute()], _ => { }), mappings, new RelayCounters(), (3, 4));
        Tick now = new(1);
        int slot = mappings.Add(SourceOf(1));
        tunnels.Add(slot, route: 0);
        int first = mappings[slot].Tunnel;
        tunnels.Ask(slot, 7, now, new Tick(100));
        Assert.True(tunnels.HasIssued(first, 7, now));
        tunnels.Leave(slot);
        tunnels.Add(slot, route: 0);
        Assert.Equal(first, mappings[slot].Tunnel);
        Assert.False(tunnels.HasIssued(first, 7, now));
        tunnels.Ask(slot, 8, now, new Tick(100));
        Assert.False(tunnels.HasIssued(first, 7, now));
        Assert.Equal(-1, tunnels.Answer(slot, 7, 9, now));
        Assert.Equal(slot, tunnels.Answer(slot, 8, 9, now));
    }

    private static Source SourceOf(int number) =>
        Source.From([10, 0, (byte)(number >> 8), (byte)number], 51820, 0, [198, 51, 100, 1]);
}
