using System.Runtime.Versioning;
using WgProxy.Accounting;
using static WgProxy.Tests.Accounting.Accounts;

namespace WgProxy.Tests.Accounting;

/// <summary>Accounts of days, and what becomes of them if their files are not as they were.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class UsageBookTests : IDisposable
{
    private readonly string _state = Directory.CreateTempSubdirectory("wgproxy-usage-").FullName;
    private readonly HeardLog _heard = new();

    public void Dispose() => Directory.Delete(_state, recursive: true);

    private string Usage => Path.Combine(_state, "usage");

    private string[] Files => [.. Directory.EnumerateFiles(Usage).Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];

    [Fact]
    public void A_restart_goes_on_with_the_day_and_begins_its_totals_anew()
    {
        UsageBook first = Open();
        first.Add(Day, Of(1), FiguresOf(5));
        first.Add(Day, Of(1, 10), FiguresOf(2));
        first.Add(Day, Of(1, 10), FiguresOf(1));
        first.Write(Day);
        UsageBook second = Open();
        Assert.Empty(second.Totals);
        Assert.Equal([new(Day, Of(1), FiguresOf(5)), new(Day, Of(1, 10), FiguresOf(3) with { LastSeen = 200_000 })], second.Days(Day, Day));
        second.Add(Day, Of(1, 10), FiguresOf(4));
        Assert.Equal([new Usage(Of(1, 10), FiguresOf(4))], second.Totals);
        second.Write(Day);
        Assert.Equal(FiguresOf(7) with { LastSeen = FiguresOf(4).LastSeen }, Open().Days(Day, Day)[1].Figures);
        Assert.Equal(["2026-11-27"], Files);
        Assert.Empty(_heard.Lines);
    }

    [Fact]
    public void Days_are_told_from_files_and_memory_the_oldest_first()
    {
        UsageBook book = Open();
        for (int back = 3; back >= 0; back--)
        {
            book.Add(Day.AddDays(-back), Of(1), FiguresOf(back + 1));
            book.Write(Day.AddDays(-back));
        }

        book.Add(Day, Of(1), FiguresOf(10));
        Assert.Equal([4, 3, 2, 11], book.Days(DateOnly.MinValue, DateOnly.MaxValue).Select(day => day.Figures.Handshakes));
        Assert.Equal([3, 2], book.Days(Day.AddDays(-2), Day.AddDays(-1)).Select(day => day.Figures.Handshakes));
        Assert.Equal(4, Files.Length);
    }

    [Fact]
    public void Directory_and_files_are_the_users_own()
    {
        UsageBook book = Open();
        book.Add(Day, Of(1), FiguresOf(1));
        book.Write(Day);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Usage));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Usage, "2026-11-27")));
    }

    [Fact]
    public async Task What_is_no_file_of_that_day_is_set_aside_with_one_warning()
    {
        Directory.CreateDirectory(Usage, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        byte[] file = UsageLayout.Write(Day, [new(Of(1), FiguresOf(1)), new(Of(2), FiguresOf(2))]);
        await File.WriteAllTextAsync(Path.Combine(Usage, "2026-11-20"), "no", TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(Path.Combine(Usage, "2026-11-21"), file, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(Path.Combine(Usage, "2026-11-27"), file[..^1], TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(Usage, "notes"), "mine", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(Usage, "2026-11-27.new"), "of a process that was killed", TestContext.Current.CancellationToken);
        UsageBook book = Open();
        Assert.Equal([new(Day, Of(1), FiguresOf(1))], book.Days(DateOnly.MinValue, DateOnly.MaxValue));

        // The files are read behind the start: what is damaged must still be there.
        _ = await WarningsAsync();
        book.Add(Day, Of(2), FiguresOf(3));
        book.Write(Day);
        Assert.Equal(["2026-11-20.old", "2026-11-21.old", "2026-11-27", "notes"], Files);
        Assert.Equal(2, Open().Days(Day, Day).Count);
        string line = Assert.Single(await WarningsAsync());
        Assert.EndsWith(
            $"usage in {Usage}: the file of 2026-11-20 is no file of usage, and is set aside; so are 1 others; 1 damaged accounts are left out",
            line,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_disk_that_takes_nothing_is_said_once_and_costs_nothing_if_it_takes_it_later()
    {
        UsageBook book = Open();
        Directory.Delete(Usage);
        for (int day = 0; day < 3; day++)
        {
            book.Add(Day.AddDays(day), Of(1), FiguresOf(1));
            book.Write(Day.AddDays(day));
        }

        string line = Assert.Single(_heard.Lines);
        Assert.Contains($" warning usage in {Usage} cannot be written: ", line, StringComparison.Ordinal);
        Assert.Equal(3, book.Days(Day, Day.AddDays(2)).Count);
        Directory.CreateDirectory(Usage);
        book.Write(Day.AddDays(2));
        Assert.EndsWith(" is written again", _heard.Lines[1], StringComparison.Ordinal);
        Assert.Equal(["2026-11-27", "2026-11-28", "2026-11-29"], Files);
        Assert.Equal(3, Open().Days(Day, Day.AddDays(2)).Count);
    }

    [Fact]
    public void A_directory_of_others_is_not_used_and_the_relay_counts_without()
    {
        Directory.CreateDirectory(Usage);
        File.SetUnixFileMode(Usage, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherWrite);
        UsageBook book = Open();
        Assert.False(book.IsKept);
        book.Add(Day, Of(1), FiguresOf(1));
        book.Write(Day);
        Assert.Single(book.Days(Day, Day));
        Assert.Empty(Files);
        Assert.Contains("other users may write to it; expected mode 0700; this relay keeps no usage over a restart", Assert.Single(_heard.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_directory_some_days_are_kept_in_memory()
    {
        UsageBook book = UsageBook.Open(null, _heard.Log);
        for (int day = 0; day < 40; day++)
        {
            book.Add(Day.AddDays(day), Of(1), FiguresOf(day + 1));
            book.Write(Day.AddDays(day));
        }

        Assert.Equal(Enumerable.Range(10, 31).Select(number => (long)number), book.Days(DateOnly.MinValue, DateOnly.MaxValue).Select(day => day.Figures.Handshakes));
        Assert.Equal(820, Assert.Single(book.Totals).Figures.Handshakes);
    }

    [Fact]
    public void There_are_never_more_days_nor_bytes_than_are_allowed_whatever_the_clock_says()
    {
        UsageBook book = Open();
        foreach (DateOnly day in Enumerable.Range(0, 402).Select(back => Day.AddDays(-back)))
        {
            File.WriteAllBytes(Path.Combine(Usage, $"{day:yyyy-MM-dd}"), UsageLayout.Write(day, [new(Of(1), FiguresOf(1))]));
        }

        // The clock leaps 50 years: the days before are not the older for it.
        DateOnly leap = Day.AddYears(50);
        book.Add(leap, Of(1), FiguresOf(1));
        book.Write(leap);
        Assert.Equal(400, Files.Length);
        Assert.Equal(["2076-11-27", "2026-11-27"], Files.Reverse().Take(2));

        using (FileStream large = File.OpenWrite(Path.Combine(Usage, "2026-11-20")))
        {
            large.SetLength(UsageDirectory.MostBytes);
        }

        book.Add(leap.AddDays(1), Of(1), FiguresOf(1));
        book.Write(leap.AddDays(1));
        Assert.Equal(9, Files.Length);
        Assert.Equal("2026-11-21", Files[0]);
    }

    [Fact]
    public void Peers_beyond_what_a_day_may_have_are_their_servers_only()
    {
        UsageBook book = Open();
        for (int peer = 1; peer <= UsageLayout.MostWithPeers + 5; peer++)
        {
            book.Add(Day, Of(1, peer), FiguresOf(1));
            book.Add(Day, Of(1), FiguresOf(1));
        }

        book.Write(Day);
        IReadOnlyList<UsageOfDay> rows = Open().Days(Day, Day);
        Assert.Equal(UsageLayout.MostWithPeers, rows.Count);
        Assert.Equal(UsageLayout.MostWithPeers + 5, rows.Single(row => row.Owner.Peer is null).Figures.Handshakes);
        Assert.Contains($" warning more than {UsageLayout.MostWithPeers} servers and peers had traffic on one day", Assert.Single(_heard.Lines), StringComparison.Ordinal);
    }

    private UsageBook Open() => UsageBook.Open(_state, _heard.Log);

    // Accounts are counted behind the start.
    private async Task<string[]> WarningsAsync()
    {
        for (int i = 0; i < 1_000 && _heard.Lines.Length == 0; i++)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        return _heard.Lines;
    }
}
