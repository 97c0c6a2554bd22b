using WgProxy.Logging;

namespace WgProxy.Accounting;

/// <summary>
/// The accounts of servers and peers: since the program started, and of each day, UTC. Days are kept in files, if there is a directory
/// for them; in memory there are those that are not written yet, which is today's mostly. Any thread may ask and add.
/// </summary>
internal sealed class UsageBook
{
    /// <summary>The directory of its files, in the state directory.</summary>
    public const string DirectoryName = "usage";

    /// <summary>Days in memory at most. Without a directory these are all there are.</summary>
    public const int MostDaysInMemory = 31;

    // Servers and peers since the start, as many as of four days.
    private const int MostOwners = 4 * UsageLayout.MostRows;

    // With those of all days in memory together: some 30 MB.
    private const int MostRowsInMemory = 8 * UsageLayout.MostRows;

    private readonly Lock _lock = new();
    private readonly UsageDirectory? _directory;
    private readonly Log _log;
    private readonly Dictionary<UsageOwner, UsageFigures> _totals = [];
    private readonly SortedList<DateOnly, Page> _pages = [];
    private bool _isFull;
    private bool _fails;
    private DateOnly _pruned;

    private UsageBook(UsageDirectory? directory, Log log) => (_directory, _log) = (directory, log);

    /// <summary>Whether days are kept over a restart.</summary>
    public bool IsKept => _directory is not null;

    /// <summary>Opens the book. What is wrong with its files costs accounts, and never the start.</summary>
    /// <param name="state">The state directory, which is this relay's alone; null if there is none: then days are kept in memory.</param>
    /// <param name="log">Told what is wrong.</param>
    public static UsageBook Open(string? state, Log log)
    {
        UsageDirectory? directory = state is null ? null : new UsageDirectory(Path.Combine(state, DirectoryName));
        if (directory?.Open() is { } refusal)
        {
            log.UsageIsUnusable(directory.Path, refusal);
            directory = null;
        }

        UsageBook book = new(directory, log);
        book.LookAtFiles();
        return book;
    }

    /// <summary>The accounts since the program started, in no order.</summary>
    public IReadOnlyList<Usage> Totals
    {
        get
        {
            lock (_lock)
            {
                return [.. _totals.Select(total => new Usage(total.Key, total.Value))];
            }
        }
    }

    /// <summary>The accounts of some days, the oldest first; within a day in no order. Reads files, so it may wait for the disk.</summary>
    /// <param name="from">The first day.</param>
    /// <param name="to">The last day.</param>
    public IReadOnlyList<UsageOfDay> Days(DateOnly from, DateOnly to) =>
        [.. Backwards(from, to).Reverse().SelectMany(day => day.Rows.Select(row => new UsageOfDay(day.Day, row.Key, row.Value)))];

    /// <summary>The accounts of some days, the last day first; each is read when its turn comes, so that no more than one need be held.</summary>
    /// <param name="from">The first day.</param>
    /// <param name="to">The last day.</param>
    public IEnumerable<(DateOnly Day, IReadOnlyCollection<KeyValuePair<UsageOwner, UsageFigures>> Rows)> Backwards(DateOnly from, DateOnly to)
    {
        DateOnly[] inMemory;
        lock (_lock)
        {
            inMemory = [.. _pages.Keys];
        }

        foreach (DateOnly day in FiledDays().Union(inMemory).Where(day => day >= from && day <= to).OrderDescending())
        {
            yield return (day, RowsOf(day));
        }
    }

    /// <summary>Adds to an account of a day, and to that since the start.</summary>
    public void Add(DateOnly day, in UsageOwner owner, in UsageFigures figures)
    {
        lock (_lock)
        {
            Page page = PageOf(day);
            bool fits = Add(page.Rows, owner, figures, owner.Peer is null ? UsageLayout.MostRows : UsageLayout.MostWithPeers)
                & Add(_totals, owner, figures, MostOwners);
            page.IsChanged = true;
            if (!fits && !_isFull)
            {
                _isFull = true;
                _log.UsageIsFull(UsageLayout.MostWithPeers);
            }
        }
    }

    /// <summary>Writes the days that have changed, and lets go of those that are over. One thread at a time.</summary>
    /// <param name="today">The day.</param>
    public void Write(DateOnly today)
    {
        string? refusal = null;
        foreach ((DateOnly day, Page page, byte[] bytes) in Changed())
        {
            try
            {
                _directory!.Write(day, bytes);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                refusal = failure.Message;
                lock (_lock)
                {
                    page.IsChanged = true;
                }
            }
        }

        Forget(today);
        refusal ??= today == _pruned ? null : Prune(today);
        if (refusal is not null != _fails)
        {
            _fails = refusal is not null;
            _log.UsageIsWritten(_directory!.Path, refusal);
        }
    }

    private static bool Add(Dictionary<UsageOwner, UsageFigures> rows, in UsageOwner owner, in UsageFigures figures, int most)
    {
        bool fits = rows.TryGetValue(owner, out UsageFigures before) || rows.Count < most;
        if (fits)
        {
            rows[owner] = before + figures;
        }

        return fits;
    }

    /// <summary>Says once what is wrong with the files. What is in them is looked at behind the start: there may be 64 MB.</summary>
    private void LookAtFiles()
    {
        IReadOnlyList<DateOnly> days = FiledDays();
        List<DateOnly> flawed = [];
        string? words = null;
        foreach (DateOnly day in days)
        {
            if (_directory!.FlawOf(day) is { } flaw)
            {
                flawed.Add(day);
                words ??= flaw;
                _directory.SetAside(day);
            }
        }

        _ = Task.Run(() =>
        {
            int damaged = 0;
            foreach (DateOnly day in days)
            {
                _ = _directory!.Read(day, out int rows, out _);
                damaged += rows;
            }

            if (flawed.Count + damaged > 0)
            {
                _log.UsageIsSetAside(_directory!.Path, flawed, words, damaged);
            }
        });
    }

    private Dictionary<UsageOwner, UsageFigures> RowsOf(DateOnly day)
    {
        lock (_lock)
        {
            if (_pages.TryGetValue(day, out Page? page))
            {
                return new Dictionary<UsageOwner, UsageFigures>(page.Rows);
            }
        }

        return _directory?.Read(day, out _, out _) ?? [];
    }

    private IReadOnlyList<DateOnly> FiledDays()
    {
        try
        {
            return _directory?.Days() ?? [];
        }
        catch (Exception refusal) when (refusal is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private Page PageOf(DateOnly day)
    {
        if (!_pages.TryGetValue(day, out Page? page))
        {
            // A day that has a file goes on there: the program was restarted, or the clock was set back.
            page = new Page(_directory?.Read(day, out _, out _) ?? []);
            _pages.Add(day, page);
        }

        return page;
    }

    private List<(DateOnly Day, Page Page, byte[] Bytes)> Changed()
    {
        List<(DateOnly, Page, byte[])> changed = [];
        lock (_lock)
        {
            foreach ((DateOnly day, Page page) in _pages.Where(page => _directory is not null && page.Value.IsChanged))
            {
                page.IsChanged = false;
                changed.Add((day, page, UsageLayout.Write(day, page.Rows)));
            }
        }

        return changed;
    }

    private void Forget(DateOnly today)
    {
        lock (_lock)
        {
            foreach ((DateOnly day, Page page) in _pages.ToArray())
            {
                bool isWritten = _directory is not null && !page.IsChanged && day != today;
                bool isTooMuch = _pages.Count > MostDaysInMemory || (_pages.Count > 1 && _pages.Values.Sum(each => each.Rows.Count) > MostRowsInMemory);
                if (isWritten || isTooMuch)
                {
                    _ = _pages.Remove(day);
                }
            }
        }
    }

    private string? Prune(DateOnly today)
    {
        try
        {
            _directory?.Prune(today);
            _pruned = today;
            return null;
        }
        catch (Exception refusal) when (refusal is IOException or UnauthorizedAccessException)
        {
            return refusal.Message;
        }
    }

    private sealed class Page(Dictionary<UsageOwner, UsageFigures> rows)
    {
        public Dictionary<UsageOwner, UsageFigures> Rows { get; } = rows;

        public bool IsChanged { get; set; }
    }
}
