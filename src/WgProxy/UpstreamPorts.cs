using System.Globalization;

namespace WgProxy;

/// <summary>The local ports that upstream sockets may use.</summary>
internal static class UpstreamPorts
{
    private const string Folder = "/proc/sys/net/ipv4";

    // RFC 6335 section 6: the dynamic ports. Where the system does not say otherwise, it hands out none outside.
    private static readonly (ushort First, ushort Last) Dynamic = (49152, 65535);

    /// <summary>The ports this host lets programs have at will, without reserved ones and the one to listen on.</summary>
    public static IReadOnlyList<ushort> OfThisHost(int listenPort)
    {
        string? range = ProcText.Read($"{Folder}/ip_local_port_range");
        string? reserved = ProcText.Read($"{Folder}/ip_local_reserved_ports");
        return Select(range ?? string.Empty, reserved ?? string.Empty, listenPort);
    }

    /// <summary>The same from the texts of the kernel, such as <c>32768 60999</c> and <c>8080,9000-9010</c>. What cannot
    /// be read as such is passed over; without a range, the dynamic ports of RFC 6335 are taken.</summary>
    public static IReadOnlyList<ushort> Select(string range, string reserved, int listenPort)
    {
        string[] ends = range.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        (ushort first, ushort last) = ends is [string low, string high] && TryRange(low, high, out var found)
            ? found
            : Dynamic;
        HashSet<int> taken = [listenPort];
        foreach (string item in reserved.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string[] span = item.Split('-');
            if (TryRange(span[0], span[^1], out (ushort First, ushort Last) ports))
            {
                taken.UnionWith(Enumerable.Range(ports.First, ports.Last - ports.First + 1));
            }
        }

        return [.. Enumerable.Range(first, last - first + 1).Where(port => !taken.Contains(port)).Select(port => (ushort)port)];
    }

    private static bool TryRange(string low, string high, out (ushort First, ushort Last) ports)
    {
        bool valid = ushort.TryParse(low, NumberStyles.None, CultureInfo.InvariantCulture, out ushort first)
            & ushort.TryParse(high, NumberStyles.None, CultureInfo.InvariantCulture, out ushort last);
        ports = (first, last);
        return valid && first >= 1 && first <= last;
    }
}
