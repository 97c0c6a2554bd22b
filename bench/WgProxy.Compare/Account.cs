using System.Globalization;

namespace WgProxy.Compare;

/// <summary>Reads /proc: what processes and the machine have used.</summary>
internal static class Account
{
    // The kernel shows ticks of 10 ms to user space on every architecture (USER_HZ). The sum of both columns is scaled
    // from exact run time, so that a tick is all that is lost.
    private const double MicrosecondsPerTick = 10_000;

    /// <summary>CPU time of a process, all its threads and all its descendants, ended ones included, in µs.</summary>
    public static double Cpu(int process) => Tree(process).Sum(id =>
        Stat(id) is { Length: > 15 } stat ? stat[11..15].Sum(text => double.Parse(text, CultureInfo.InvariantCulture)) : 0)
        * MicrosecondsPerTick;

    /// <summary>Busy and softirq time of the whole machine in µs.</summary>
    public static (double Busy, double SoftIrq) Machine()
    {
        double[] cpu = [.. File.ReadLines("/proc/stat").First()
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..9]
            .Select(text => double.Parse(text, CultureInfo.InvariantCulture) * MicrosecondsPerTick)];

        // user nice system idle iowait irq softirq steal; what the host stole, nobody here used.
        return (cpu[0] + cpu[1] + cpu[2] + cpu[5] + cpu[6], cpu[6]);
    }

    /// <summary>Resident and proportional memory of a process and its descendants, in bytes.</summary>
    public static (long Resident, long Proportional) Memory(int process)
    {
        long resident = 0;
        long proportional = 0;
        foreach (int id in Tree(process))
        {
            string[] lines = ReadLines($"/proc/{id}/smaps_rollup");
            resident += Kilobytes(lines, "Rss:");
            proportional += Kilobytes(lines, "Pss:");
        }

        return (resident << 10, proportional << 10);
    }

    /// <summary>The kernel's slab memory, in bytes: sockets live there.</summary>
    public static long Slab() => Kilobytes(ReadLines("/proc/meminfo"), "Slab:") << 10;

    /// <summary>Whether a process's namespace has a UDP socket on a port.</summary>
    public static bool Listens(int process, int port)
    {
        string suffix = $":{port:X4}";
        return ReadLines($"/proc/{process}/net/udp").Concat(ReadLines($"/proc/{process}/net/udp6")).Any(line =>
            line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, string local, ..]
            && local.EndsWith(suffix, StringComparison.Ordinal));
    }

    /// <summary>Datagrams that the sockets of a process's namespace had no room for.</summary>
    public static long ReceiveBufferErrors(int process)
    {
        string[][] udp = [.. ReadLines($"/proc/{process}/net/snmp")
            .Where(line => line.StartsWith("Udp: ", StringComparison.Ordinal)).Select(line => line.Split(' '))];
        int column = udp.Length == 2 ? Array.IndexOf(udp[0], "RcvbufErrors") : -1;
        return column < 0 ? 0 : long.Parse(udp[1][column], CultureInfo.InvariantCulture);
    }

    private static long Kilobytes(string[] lines, string label) =>
        lines.FirstOrDefault(line => line.StartsWith(label, StringComparison.Ordinal)) is { } line
            ? long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture)
            : 0;

    private static List<int> Tree(int root)
    {
        List<int> tree = [root];
        for (int i = 0; i < tree.Count; i++)
        {
            foreach (string task in Directory.Exists($"/proc/{tree[i]}/task") ? Directory.GetDirectories($"/proc/{tree[i]}/task") : [])
            {
                tree.AddRange(ReadLines($"{task}/children").SelectMany(line =>
                    line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)));
            }
        }

        return tree;
    }

    // The fields after the name, which may hold spaces and parentheses.
    private static string[] Stat(int process) =>
        ReadLines($"/proc/{process}/stat") is [string line, ..] ? line[(line.LastIndexOf(')') + 2)..].Split(' ') : [];

    // A process may end between being listed and being read.
    private static string[] ReadLines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (IOException)
        {
            return [];
        }
    }
}
