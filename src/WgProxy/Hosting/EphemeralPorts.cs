using System.Globalization;

namespace WgProxy.Hosting;

/// <summary>The local ports that upstream sockets may use.</summary>
/// <param name="Numbers">The ports, each once.</param>
/// <param name="Range">The ports that the system gives to programs that ask for any port; they bound <paramref name="Numbers"/>,
/// unless the operator chose others.</param>
/// <param name="IsTold">Whether the system reported this range. Otherwise it is assumed, where it matters.</param>
internal sealed record EphemeralPorts(IReadOnlyList<ushort> Numbers, (ushort First, ushort Last) Range, bool IsTold)
{
    private const string Folder = "/proc/sys/net/ipv4";

    // RFC 6335 section 6: the dynamic ports. Without a report, assume that the system hands out no others.
    private static readonly (ushort First, ushort Last) Dynamic = (49152, 65535);

    /// <summary>The file with the range on Linux.</summary>
    public static string Source => $"{Folder}/ip_local_port_range";

    /// <summary>The ports that programs on this host may use freely, without reserved ones and the listening ports.</summary>
    public static EphemeralPorts OfThisHost(params IReadOnlyList<int> listenPorts)
    {
        string? range = ProcText.Read(Source);
        string? reserved = ProcText.Read($"{Folder}/ip_local_reserved_ports");
        return Select(range ?? string.Empty, reserved ?? string.Empty, listenPorts);
    }

    /// <summary>The same from the texts of the kernel, such as <c>32768 60999</c> and <c>8080,9000-9010</c>. Unreadable parts
    /// are skipped. Without a range, the dynamic ports of RFC 6335 apply.</summary>
    public static EphemeralPorts Select(string range, string reserved, params IReadOnlyList<int> listenPorts)
    {
        string[] ends = range.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        (ushort First, ushort Last) told = default;
        bool isTold = ends is [string low, string high] && TryRange(low, high, out told);
        (ushort First, ushort Last) ports = isTold ? told : Dynamic;
        HashSet<int> taken = [.. listenPorts];
        foreach (string item in reserved.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string[] span = item.Split('-');
            if (TryRange(span[0], span[^1], out (ushort First, ushort Last) kept))
            {
                taken.UnionWith(Enumerable.Range(kept.First, kept.Last - kept.First + 1));
            }
        }

        ushort[] numbers = [.. Enumerable.Range(ports.First, ports.Last - ports.First + 1)
            .Where(port => !taken.Contains(port)).Select(port => (ushort)port)];
        return new EphemeralPorts(numbers, ports, isTold);
    }

    /// <summary>The ports of a range that the operator chose, without the listening ports. Reserved ones are among them: an operator
    /// reserves ports so that no other program gets them.</summary>
    public EphemeralPorts Only((ushort First, ushort Last) chosen, params IReadOnlyList<int> listenPorts) => this with
    {
        Numbers = [.. Enumerable.Range(chosen.First, chosen.Last - chosen.First + 1)
            .Where(port => !listenPorts.Contains(port)).Select(port => (ushort)port)],
        IsTold = true,
    };

    /// <summary>Advice about a listening port that another program holds; empty if the system does not hand the port out
    /// by itself.</summary>
    public string AdviceAbout(int port) => port < Range.First || port > Range.Last
        ? string.Empty
        : $"; the system also hands port {port} out to programs that ask for any port ({Range.First} to {Range.Last}): keep it for "
            + $"the relay by sysctl net.ipv4.ip_local_reserved_ports={port}";

    private static bool TryRange(string low, string high, out (ushort First, ushort Last) ports)
    {
        bool valid = ushort.TryParse(low, NumberStyles.None, CultureInfo.InvariantCulture, out ushort first)
            & ushort.TryParse(high, NumberStyles.None, CultureInfo.InvariantCulture, out ushort last);
        ports = (first, last);
        return valid && first >= 1 && first <= last;
    }
}
