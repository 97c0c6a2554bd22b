using System.Globalization;
using WgProxy.Linux.Native;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Net;

/// <summary>
/// Pages of this program's own file that its start has touched. The kernel maps 64 KiB around each page that is touched
/// (fault_around_bytes), so that a started relay has nearly its whole file in its memory, and uses a third of it. Pages that are given back
/// stay in the page cache: one that is used again is there without a read, as long as the host has room.
/// </summary>
internal static unsafe class StartPages
{
    /// <summary>Gives them back. What the kernel refuses stays as it is.</summary>
    public static void GiveBack()
    {
        if (Environment.ProcessPath is not { } program)
        {
            return;
        }

        try
        {
            foreach ((nuint start, nuint end) in RangesOf(File.ReadLines("/proc/self/smaps"), program))
            {
                _ = Libc.madvise((void*)start, end - start, MADV_DONTNEED);
            }
        }
        catch (Exception refusal) when (refusal is IOException or UnauthorizedAccessException)
        {
            // Without /proc the pages stay.
        }
    }

    /// <summary>The parts of memory that are a file's pages as they are in the file, and can only be read or run. Where a page was ever written, as the loader
    /// does for relocations, it is no longer the file's, and the part is left out: the kernel would take what was written away.</summary>
    /// <param name="lines">The lines of <c>/proc/PID/smaps</c>.</param>
    /// <param name="file">The path of the file.</param>
    internal static IReadOnlyList<(nuint Start, nuint End)> RangesOf(IEnumerable<string> lines, string file)
    {
        List<(nuint, nuint)> ranges = [];
        (nuint Start, nuint End) last = default;
        foreach (string line in lines)
        {
            // "7f0012340000-7f0012350000 r-xp 00001000 fe:00 1234      /usr/bin/wgproxy", then "Anonymous:             0 kB" among others.
            string[] words = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
            if (words is [var bounds, { Length: 4 } rights, ..] && bounds.Split('-') is [var from, var to] && TryParse(from, out nuint start) && TryParse(to, out nuint end))
            {
                last = rights[1] == '-' && rights[3] == 'p' && words.Length == 6 && string.Equals(words[5].Trim(), file, StringComparison.Ordinal) ? (start, end) : default;
            }
            else if (words is ["Anonymous:", "0", ..] && last.End > last.Start)
            {
                ranges.Add(last);
            }
            else if (words is ["Swap:", not "0", ..] && ranges.Count > 0 && ranges[^1] == last)
            {
                // It stands after the former, which counts only what is in memory.
                ranges.RemoveAt(ranges.Count - 1);
            }
        }

        return ranges;
    }

    private static bool TryParse(string text, out nuint number) => nuint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number);
}
