using System.Globalization;
using WgProxy.State;

namespace WgProxy.Accounting;

/// <summary>
/// The files of usage, one for each day. A file is replaced whole and named by its day, so what a crash or a bad disk takes is a day
/// at most. There are never more than <see cref="MostDays"/>, nor more bytes than <see cref="MostBytes"/>: the oldest make room.
/// </summary>
/// <param name="path">Where they are.</param>
internal sealed class UsageDirectory(string path)
{
    /// <summary>Days that are kept at most, those included that were set aside.</summary>
    public const int MostDays = 400;

    /// <summary>Bytes of all files at most: 400 days of 1,390 accounts.</summary>
    public const long MostBytes = 64L << 20;

    private const string Form = "yyyy-MM-dd";
    private const string Aside = ".old";

    // The longest file that the relay writes, and some: no more of a longer one is read.
    private const int Longest = UsageLayout.HeaderSize + (UsageLayout.MostRows * UsageLayout.RowSize);

    /// <summary>Where the files are.</summary>
    public string Path => path;

    /// <summary>Makes the directory if it is not there. Why it cannot be used, in words that continue it; null if it can.</summary>
    public string? Open()
    {
        try
        {
            StateFiles.MakeDirectory(path);
            return StateFiles.OthersMayWrite(path) ? "other users may write to it; expected mode 0700" : StateFiles.StrangerIn(path, []);
        }
        catch (Exception refusal) when (refusal is IOException or UnauthorizedAccessException)
        {
            return refusal.Message;
        }
    }

    /// <summary>The days that have a file, the oldest first.</summary>
    public IReadOnlyList<DateOnly> Days() => [.. Files(withAside: false).Select(file => file.Day)];

    /// <summary>Why a day's file cannot be used, by its header, in words that continue "the file"; null if it can.</summary>
    public string? FlawOf(DateOnly day)
    {
        try
        {
            return UsageLayout.FlawOf(ReadBytes(PathOf(day), UsageLayout.HeaderSize), day);
        }
        catch (Exception refusal) when (refusal is IOException or UnauthorizedAccessException)
        {
            return $"cannot be read: {refusal.Message}";
        }
    }

    /// <summary>Reads a day's accounts; none if it has no file. What is wrong with the file costs accounts, and nothing else.</summary>
    /// <param name="day">The day.</param>
    /// <param name="damaged">How many accounts are damaged.</param>
    /// <param name="flaw">Why the file cannot be used, in words that continue "the file"; null if it can.</param>
    public Dictionary<UsageOwner, UsageFigures> Read(DateOnly day, out int damaged, out string? flaw) => Read(day, isOwn: true, out damaged, out flaw);

    /// <summary>Reads a day's accounts for one to whom the files do not belong: nothing of them is changed.</summary>
    public Dictionary<UsageOwner, UsageFigures> Look(DateOnly day) => Read(day, isOwn: false, out _, out _);

    private Dictionary<UsageOwner, UsageFigures> Read(DateOnly day, bool isOwn, out int damaged, out string? flaw)
    {
        Dictionary<UsageOwner, UsageFigures> rows = [];
        (damaged, flaw) = (0, null);
        try
        {
            string file = PathOf(day);
            if (File.Exists(file))
            {
                _ = isOwn && StateFiles.TakeFromOthers(file);
                byte[] bytes = ReadBytes(file, Longest);
                flaw = UsageLayout.FlawOf(bytes, day);
                damaged = flaw is null ? UsageLayout.Read(bytes, day, rows) : 0;
            }
        }
        catch (Exception refusal) when (refusal is IOException or UnauthorizedAccessException)
        {
            flaw = $"cannot be read: {refusal.Message}";
        }

        return rows;
    }

    /// <summary>Replaces a day's file.</summary>
    /// <exception cref="IOException">The system refused; the former file is as it was.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public void Write(DateOnly day, ReadOnlySpan<byte> bytes) => StateFiles.Replace(PathOf(day), bytes);

    /// <summary>Names a day's file otherwise, so that what it holds can still be looked at.</summary>
    public void SetAside(DateOnly day)
    {
        try
        {
            File.Move(PathOf(day), PathOf(day) + Aside, overwrite: true);
        }
        catch (Exception refusal) when (refusal is IOException or UnauthorizedAccessException)
        {
            // Then it is replaced, or stays and is read as nothing.
        }
    }

    /// <summary>Deletes what is too old, by the days of the files and not by the clock: a clock that leaps costs a day, not a year.</summary>
    /// <param name="today">This day's file stays.</param>
    /// <exception cref="IOException">The system refused.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public void Prune(DateOnly today)
    {
        Stack<(DateOnly Day, long Length)> kept = new(Files(withAside: true));
        (int files, long bytes) = (0, 0);
        DateOnly oldest = today;
        while (kept.TryPop(out (DateOnly Day, long Length) file) && ++files <= MostDays && (bytes += file.Length) <= MostBytes)
        {
            oldest = file.Day < oldest ? file.Day : oldest;
        }

        foreach (string file in Directory.EnumerateFiles(path))
        {
            if (DayOf(file, out bool _) is { } day && day < oldest)
            {
                File.Delete(file);
            }
        }
    }

    private static DateOnly? DayOf(string file, out bool isAside)
    {
        string name = System.IO.Path.GetFileName(file);
        isAside = name.EndsWith(Aside, StringComparison.Ordinal);
        name = isAside ? name[..^Aside.Length] : name;
        return DateOnly.TryParseExact(name, Form, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly day) ? day : null;
    }

    private static byte[] ReadBytes(string file, int most)
    {
        using FileStream stream = File.OpenRead(file);
        byte[] bytes = new byte[Math.Min(stream.Length, most)];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private string PathOf(DateOnly day) => System.IO.Path.Combine(path, day.ToString(Form, CultureInfo.InvariantCulture));

    private List<(DateOnly Day, long Length)> Files(bool withAside)
    {
        List<(DateOnly Day, long Length)> files = [];
        foreach (FileInfo file in new DirectoryInfo(path).EnumerateFiles())
        {
            if (DayOf(file.Name, out bool isAside) is { } day && (withAside || !isAside))
            {
                files.Add((day, file.Length));
            }
        }

        files.Sort(static (left, right) => left.Day.CompareTo(right.Day));
        return files;
    }
}
