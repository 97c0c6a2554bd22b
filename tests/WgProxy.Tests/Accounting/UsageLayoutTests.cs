using WgProxy.Accounting;
using static WgProxy.Tests.Accounting.Accounts;

namespace WgProxy.Tests.Accounting;

/// <summary>The form of a day's file.</summary>
public sealed class UsageLayoutTests
{
    private static readonly KeyValuePair<UsageOwner, UsageFigures>[] Rows =
        [new(Of(1), FiguresOf(30)), new(Of(1, 10), FiguresOf(1)), new(Of(1, 11), FiguresOf(2)), new(Of(2, 10), FiguresOf(long.MaxValue / 2 / 100_000))];

    private static readonly byte[] File = UsageLayout.Write(Day, Rows);

    [Fact]
    public void What_was_written_is_read()
    {
        Assert.Equal(64 + (4 * 120), File.Length);
        Assert.Null(UsageLayout.FlawOf(File, Day));
        Dictionary<UsageOwner, UsageFigures> read = [];
        Assert.Equal(0, UsageLayout.Read(File, Day, read));
        Assert.Equal(Rows, read);
        Assert.Empty(Read(UsageLayout.Write(Day, []), out int damaged));
        Assert.Equal(0, damaged);
    }

    [Fact]
    public void A_file_that_is_cut_off_costs_what_is_missing()
    {
        for (int length = 0; length < File.Length; length++)
        {
            byte[] torn = File[..length];
            if (length < 64)
            {
                Assert.Equal("is no file of usage", UsageLayout.FlawOf(torn, Day));
                continue;
            }

            int whole = (length - 64) / 120;
            Assert.Equal(Rows.Take(whole), Read(torn, out int damaged));
            Assert.Equal(4 - whole, damaged);
        }
    }

    [Fact]
    public void A_changed_bit_costs_its_row_or_the_file()
    {
        for (int bit = 0; bit < 8 * File.Length; bit++)
        {
            byte[] changed = [.. File];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            if (bit / 8 < 60)
            {
                Assert.NotNull(UsageLayout.FlawOf(changed, Day));
            }
            else if (bit / 8 >= 64)
            {
                int row = ((bit / 8) - 64) / 120;
                Assert.Equal(Rows.Where((_, i) => i != row), Read(changed, out int damaged));
                Assert.Equal(1, damaged);
            }
        }
    }

    [Fact]
    public void Other_files_are_told_apart()
    {
        Assert.Equal("is of another day than its name says", UsageLayout.FlawOf(File, Day.AddDays(1)));
        byte[] newer = [.. File];
        newer[8] = 2;
        Assert.Equal("is of another version of wgproxy", UsageLayout.FlawOf(newer, Day));
        byte[] stranger = [.. File];
        stranger[0] ^= 1;
        Assert.Equal("is no file of usage", UsageLayout.FlawOf(stranger, Day));

        // A row of yesterday, pasted into today's file.
        byte[] yesterday = UsageLayout.Write(Day.AddDays(-1), Rows);
        Assert.Equal(Rows[1..], Read([.. File[..64], .. yesterday[64..184], .. File[184..]], out int damaged));
        Assert.Equal(1, damaged);
    }

    [Fact]
    public void No_account_is_read_of_which_two_cannot_be_added()
    {
        KeyValuePair<UsageOwner, UsageFigures>[] wrong =
            [new(Of(1), FiguresOf(1) with { UplinkBytes = -1 }), new(Of(2), FiguresOf(1) with { LastSeen = long.MaxValue }), new(Of(3), FiguresOf(3))];
        Assert.Equal(wrong[2..], Read(UsageLayout.Write(Day, wrong), out int damaged));
        Assert.Equal(2, damaged);
    }

    private static Dictionary<UsageOwner, UsageFigures> Read(byte[] file, out int damaged)
    {
        Assert.Null(UsageLayout.FlawOf(file, Day));
        Dictionary<UsageOwner, UsageFigures> rows = [];
        damaged = UsageLayout.Read(file, Day, rows);
        return rows;
    }
}
