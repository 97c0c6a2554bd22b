using System.Buffers.Binary;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>UDP datagrams as they passed a host's link, taken by <c>tcpdump</c>. Whole ones only: fragments are left out.</summary>
internal sealed class Capture : IDisposable
{
    private const int FileHeader = 24;
    private const int RecordHeader = 16;
    private const int EthernetHeader = 14;
    private const byte Udp = 17;
    private readonly Child _tcpdump;
    private readonly string _file = Path.GetTempFileName();

    private Capture(Host host, string which) => _tcpdump = host.Space.Start(
        $"tcpdump of {host.Role}", "tcpdump", ["-i", Host.Link, "-n", "-U", "--immediate-mode", "-Z", "root", "-w", _file, which]);

    /// <summary>Captures what a <c>tcpdump</c> expression selects.</summary>
    public static async Task<Capture> StartAsync(Host host, string which = "udp")
    {
        Capture capture = new(host, which);
        try
        {
            await capture._tcpdump.LineAsync(line => line.Contains("listening on", StringComparison.Ordinal), "listening");
            return capture;
        }
        catch
        {
            capture.Dispose();
            throw;
        }
    }

    /// <summary>Awaits the first datagram that fits.</summary>
    public async Task<byte[]> FirstAsync(Func<byte[], bool> fits, string what)
    {
        byte[]? found = null;
        await Eventually.TrueAsync(
            () => (found = Payloads(File.ReadAllBytes(_file)).FirstOrDefault(fits)) != null, TimeSpan.FromSeconds(10), $"captured {what}");
        return found!;
    }

    /// <summary>Everything captured so far.</summary>
    public byte[][] All() => [.. Payloads(File.ReadAllBytes(_file))];

    public void Dispose()
    {
        _tcpdump.Dispose();
        File.Delete(_file);
    }

    // The classic format: one file header, then records with two times and two lengths; tcpdump writes the machine's order.
    private static IEnumerable<byte[]> Payloads(byte[] file)
    {
        for (int at = FileHeader; at + RecordHeader <= file.Length;)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at + 8));
            at += RecordHeader;
            if (at + length > file.Length)
            {
                yield break;
            }

            if (Payload(file.AsSpan(at, length)) is { } payload)
            {
                yield return payload;
            }

            at += length;
        }
    }

    private static byte[]? Payload(ReadOnlySpan<byte> frame)
    {
        const int ipv6Header = 40;
        const int udpHeader = 8;
        ReadOnlySpan<byte> packet = frame[EthernetHeader..];
        int header;
        if (packet[0] >> 4 == 4)
        {
            const int moreOrOffset = 0x3FFF;
            bool fragment = (BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & moreOrOffset) != 0;
            header = packet[9] == Udp && !fragment ? (packet[0] & 15) * 4 : 0;
        }
        else
        {
            header = packet[6] == Udp ? ipv6Header : 0;
        }

        if (header == 0)
        {
            return null;
        }

        int length = BinaryPrimitives.ReadUInt16BigEndian(packet[(header + 4)..]);
        return packet[(header + udpHeader)..(header + length)].ToArray();
    }
}
