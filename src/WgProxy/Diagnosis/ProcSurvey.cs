using System.Globalization;
using WgProxy.Hosting;
using WgProxy.Linux.Net;

namespace WgProxy.Diagnosis;

/// <summary>Reads what /proc tells in numbers.</summary>
internal static class ProcSurvey
{
    private const string Netfilter = "/proc/sys/net/netfilter/nf_conntrack_";

    /// <summary>A number that stands in a file by itself; null if it cannot be read.</summary>
    public static long? Number(string path) =>
        long.TryParse(ProcText.Read(path)?.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : null;

    /// <summary>Datagrams that were lost to full receive buffers, of both IP versions.</summary>
    public static long? Overflowed()
    {
        long? ipv4 = Column(ProcText.Read("/proc/net/snmp") ?? string.Empty, "Udp:", "RcvbufErrors");
        long? ipv6 = Line(ProcText.Read("/proc/net/snmp6") ?? string.Empty, "Udp6RcvbufErrors");
        return ipv4 is null && ipv6 is null ? null : (ipv4 ?? 0) + (ipv6 ?? 0);
    }

    /// <summary>Connection tracking; null if the kernel has none, or does not tell.</summary>
    public static TrackingState? Tracking() =>
        Number($"{Netfilter}count") is long count && Number($"{Netfilter}max") is long most
            ? new TrackingState(
                count, most, SumOf(ProcText.Read("/proc/net/stat/nf_conntrack") ?? string.Empty, "drop"), (int)(Number($"{Netfilter}udp_timeout_stream") ?? int.MaxValue))
            : null;

    /// <summary>The privileges of a process; null if they cannot be read.</summary>
    /// <param name="process">Its number, or <c>self</c>.</param>
    /// <param name="who">The process in words.</param>
    public static PrivilegeState? Privileges(string process, string who)
    {
        string? mask = Word(ProcText.Read($"/proc/{process}/status") ?? string.Empty, "CapEff:");
        string? limits = ProcText.Read($"/proc/{process}/limits");
        return ulong.TryParse(mask, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong capabilities) && limits is not null
            ? new PrivilegeState(who, capabilities, OpenFiles(limits))
            : null;
    }

    /// <summary>The sum of a column, of which each line is a processor's and each number hexadecimal.</summary>
    public static long SumOf(string table, string column)
    {
        string[] lines = table.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        int place = lines.Length == 0 ? -1 : Array.IndexOf(Words(lines[0]), column);
        return place < 0 ? 0 : lines.Skip(1).Select(Words).Where(words => words.Length > place)
            .Sum(words => long.TryParse(words[place], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out long number) ? number : 0);
    }

    /// <summary>A number of /proc/net/snmp, whose lines come in twos: names, and below them values.</summary>
    public static long? Column(string table, string group, string name)
    {
        string[][] lines = [.. table.Split('\n').Where(line => line.StartsWith(group, StringComparison.Ordinal)).Select(Words)];
        int place = lines.Length == 2 ? Array.IndexOf(lines[0], name) : -1;
        return place > 0 && place < lines[1].Length && long.TryParse(lines[1][place], NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : null;
    }

    // The relay raises its soft limit to the hard one.
    private static long OpenFiles(string limits)
    {
        const int hard = 4;
        string[] words = Words(limits.Split('\n').FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal)) ?? string.Empty);
        return words.Length > hard && long.TryParse(words[hard], NumberStyles.None, CultureInfo.InvariantCulture, out long files) ? files : HostFacts.Unlimited;
    }

    private static long? Line(string table, string name) =>
        long.TryParse(Word(table, name), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;

    private static string? Word(string table, string name) =>
        table.Split('\n').Select(Words).FirstOrDefault(words => words.Length > 1 && string.Equals(words[0], name, StringComparison.Ordinal))?[1];

    private static string[] Words(string line) => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
