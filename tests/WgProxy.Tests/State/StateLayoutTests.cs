using WgProxy.Core.Journal;
using WgProxy.State;

namespace WgProxy.Tests.State;

/// <summary>The bytes of the file of records.</summary>
public sealed class StateLayoutTests
{
    private static readonly byte[] Identity = [.. Enumerable.Range(1, StateLayout.IdentitySize).Select(value => (byte)value)];

    [Fact]
    public void A_cell_gives_back_what_was_written_into_it()
    {
        byte[] record = AnyMapping.Bytes(AnyMapping.Record(7));
        byte[] cell = Cell(3, 99, record);
        Assert.Equal(CellContent.Record, StateLayout.Look(cell, 3, out long used));
        Assert.Equal(99, used);
        Assert.True(StateLayout.TryRead(cell, 3, out MappingRecord read));
        Assert.Equal(record, AnyMapping.Bytes(read));
        Assert.Equal(CellContent.Free, StateLayout.Look(new byte[StateLayout.CellSize], 3, out _));
    }

    [Fact]
    public void No_flipped_bit_of_a_cell_is_overlooked()
    {
        byte[] cell = Cell(3, 99, AnyMapping.Bytes(AnyMapping.Record(7)));
        for (int bit = 0; bit < cell.Length * 8; bit++)
        {
            cell[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Equal(CellContent.Damaged, StateLayout.Look(cell, 3, out _));
            Assert.False(StateLayout.TryRead(cell, 3, out _));
            cell[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void A_cell_that_was_torn_anywhere_is_damaged()
    {
        byte[] former = Cell(3, 99, AnyMapping.Bytes(AnyMapping.Record(7)));
        byte[] later = Cell(3, 100, AnyMapping.Bytes(AnyMapping.Record(8)));
        byte[] none = new byte[StateLayout.CellSize];
        for (int at = 1; at < later.Length; at++)
        {
            foreach (byte[] before in new[] { former, none })
            {
                byte[] torn = [.. later[..at], .. before[at..]];
                CellContent content = StateLayout.Look(torn, 3, out _);
                bool isWhole = torn.AsSpan().SequenceEqual(later) || torn.AsSpan().SequenceEqual(before);
                Assert.Equal(isWhole ? CellContent.Record : CellContent.Damaged, content);
            }
        }
    }

    [Fact]
    public void A_cell_elsewhere_than_where_it_was_written_is_damaged() =>
        Assert.Equal(CellContent.Damaged, StateLayout.Look(Cell(3, 99, AnyMapping.Bytes(AnyMapping.Record(7))), 4, out _));

    [Fact]
    public void A_whole_cell_that_holds_no_record_of_this_version_is_not_read()
    {
        byte[] record = AnyMapping.Bytes(AnyMapping.Record(7));
        record[0] = 3;
        Assert.False(StateLayout.TryRead(Cell(3, 99, record), 3, out _));
        Assert.False(StateLayout.TryRead(Cell(3, 99, AnyMapping.Bytes(AnyMapping.End(7))), 3, out _));
    }

    [Fact]
    public void No_flipped_bit_of_the_first_page_is_overlooked()
    {
        byte[] page = Header();
        Assert.Null(StateLayout.FlawOf(page, Identity));
        for (int bit = 0; bit < 36 * 8; bit++)
        {
            page[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotNull(StateLayout.FlawOf(page, Identity));
            page[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void A_first_page_that_is_shorter_or_belongs_to_others_has_a_flaw()
    {
        for (int length = 0; length < 36; length++)
        {
            Assert.NotNull(StateLayout.FlawOf(Header().AsSpan(0, length), Identity));
        }

        Assert.Contains("other seeds", StateLayout.FlawOf(Header(), new byte[StateLayout.IdentitySize]), StringComparison.Ordinal);
    }

    [Fact]
    public void No_cell_crosses_a_page_and_the_file_is_bounded()
    {
        for (int cell = 0; cell < 100; cell++)
        {
            long first = StateLayout.OffsetOf(cell);
            Assert.True(first >= StateLayout.PageSize);
            Assert.Equal(first / StateLayout.PageSize, (first + StateLayout.CellSize - 1) / StateLayout.PageSize);
            Assert.Equal(cell + 1, StateLayout.CellsIn(first + StateLayout.CellSize));
            Assert.Equal(cell, StateLayout.CellsIn(first + StateLayout.CellSize - 1));
        }

        Assert.Equal(0, StateLayout.CellsIn(0));
        Assert.Equal(StateLayout.MostCells, StateLayout.CellsIn(long.MaxValue));
    }

    private static byte[] Header()
    {
        byte[] page = new byte[StateLayout.PageSize];
        StateLayout.WriteHeader(page, Identity);
        return page;
    }

    private static byte[] Cell(int number, long used, byte[] record)
    {
        byte[] cell = new byte[StateLayout.CellSize];
        StateLayout.WriteCell(cell, number, used, record);
        return cell;
    }
}
