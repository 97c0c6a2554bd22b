using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using WgProxy.Configuration;
using WgProxy.Hosting;
using WgProxy.Linux.Net;

namespace WgProxy.Diagnosis;

/// <summary>Looks who holds the relay's ports.</summary>
internal static class PortSurvey
{
    private const string Socket = "socket:[";

    private static readonly string[] Tables = ["/proc/net/udp", "/proc/net/udp6"];

    /// <summary>What there is at each of the addresses; null if the system does not tell. Every process is looked at once, however many addresses there are.</summary>
    public static IReadOnlyList<PortState>? Look(IReadOnlyList<IPEndPoint> listen)
    {
        string[] tables = [.. Tables.Select(ProcText.Read).OfType<string>()];
        if (tables.Length == 0)
        {
            return null;
        }

        UdpLine[] all = [.. tables.SelectMany(Parse).Where(line => !line.IsConnected)];
        UdpLine[][] taken = [.. listen.Select(each => all.Where(line => MayTake(line.Local, each)).ToArray())];
        ILookup<string, PortHolder> holders = Holders([.. taken.SelectMany(lines => lines).Select(NameOf)]);
        return
        [
            .. listen.Zip(taken, (each, lines) => new PortState(
                lines.Length,
                lines.Sum(line => line.Dropped),
                [.. lines.SelectMany(line => holders[NameOf(line)]).Distinct().OrderBy(holder => holder.Process)],
                lines.Length == 0 && OperatingSystem.IsLinux() ? HostTrials.Listen(each) : null)),
        ];
    }

    /// <summary>The lines of /proc/net/udp or udp6. One that cannot be read is left out.</summary>
    public static IEnumerable<UdpLine> Parse(string table)
    {
        const int fewest = 13;
        foreach (string text in table.Split('\n').Skip(1))
        {
            string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length >= fewest && EndPointOf(words[1]) is { } local && EndPointOf(words[2]) is { } remote
                && long.TryParse(words[^1], NumberStyles.None, CultureInfo.InvariantCulture, out long dropped))
            {
                yield return new UdpLine(local, remote.Port != 0, words[9], dropped);
            }
        }
    }

    // The kernel prints each 32 bits of an address as a number of the processor, and the port in order.
    private static IPEndPoint? EndPointOf(string text)
    {
        const int digits = 8;
        string[] parts = text.Split(':');
        if (parts.Length != 2 || parts[0].Length % digits != 0 || !ushort.TryParse(parts[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ushort port))
        {
            return null;
        }

        byte[] address = new byte[parts[0].Length / 2];
        for (int i = 0; i * digits < parts[0].Length; i++)
        {
            if (!uint.TryParse(parts[0].AsSpan(i * digits, digits), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out uint number))
            {
                return null;
            }

            BinaryPrimitives.WriteUInt32BigEndian(address.AsSpan(i * sizeof(uint)), BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(number) : number);
        }

        return address.Length is 4 or 16 ? new IPEndPoint(EndPointText.Normalise(new IPAddress(address)), port) : null;
    }

    private static bool MayTake(IPEndPoint taken, IPEndPoint listen) =>
        taken.Port == listen.Port && (IsAny(taken) || IsAny(listen) || taken.Address.Equals(EndPointText.Normalise(listen.Address)))
        && (listen.Address.Equals(IPAddress.IPv6Any) || IsAny(taken) || taken.AddressFamily == EndPointText.Normalise(listen.Address).AddressFamily);

    private static bool IsAny(IPEndPoint end) => end.Address.Equals(IPAddress.Any) || end.Address.Equals(IPAddress.IPv6Any);

    private static string NameOf(UdpLine line) => $"{Socket}{line.Inode}]";

    // By the names of sockets. Without privilege only the processes of this user are seen.
    private static ILookup<string, PortHolder> Holders(HashSet<string> names)
    {
        List<(string Name, PortHolder Holder)> found = [];
        foreach (string folder in names.Count == 0 ? [] : Entries("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int process))
            {
                string[] held = [.. Entries($"{folder}/fd").Select(TargetOf).Where(names.Contains)];
                if (held.Length > 0)
                {
                    PortHolder holder = new(ProcText.Read($"{folder}/comm")?.Trim() ?? "a program", process);
                    found.AddRange(held.Select(name => (name, holder)));
                }
            }
        }

        return found.ToLookup(each => each.Name, each => each.Holder, StringComparer.Ordinal);
    }

    private static string[] Entries(string folder)
    {
        try
        {
            return Directory.GetFileSystemEntries(folder);
        }
        catch (Exception refusal) when (refusal is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string TargetOf(string link)
    {
        try
        {
            return new FileInfo(link).LinkTarget ?? string.Empty;
        }
        catch (Exception refusal) when (refusal is IOException or UnauthorizedAccessException)
        {
            return string.Empty;
        }
    }
}

/// <summary>A socket of UDP.</summary>
/// <param name="Local">Where it is bound.</param>
/// <param name="IsConnected">Whether it talks to one end only.</param>
/// <param name="Inode">The number by which the kernel knows it.</param>
/// <param name="Dropped">Datagrams that it lost for want of room.</param>
internal sealed record UdpLine(IPEndPoint Local, bool IsConnected, string Inode, long Dropped);
