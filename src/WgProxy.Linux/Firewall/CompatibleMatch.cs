using System.Runtime.InteropServices;

namespace WgProxy.Linux.Firewall;

/// <summary>The extensions of iptables that firewalls use most, in the form in which they come to nf_tables (xt_conntrack.h,
/// xt_multiport.h).</summary>
internal static class CompatibleMatch
{
    // struct xt_conntrack_mtinfo3: eight addresses, two times, five ports, and then these.
    private const int MatchFlags = 146;
    private const int InvertFlags = 148;
    private const int StateMask = 150;
    private const int ByState = 1;
    private const int UntrackedInMask = 1 << 8;

    // struct xt_multiport_v1: what is compared, how many ports, the ports, which of them begin a range, and whether to invert.
    private const int Ports = 2;
    private const int MostPorts = 15;
    private const int RangeFlags = Ports + (MostPorts * sizeof(ushort));
    private const int Invert = RangeFlags + MostPorts;
    private const int BySource = 0;
    private const int ByDestination = 1;

    /// <summary>Whether it matches; null if that depends on what is not known.</summary>
    /// <param name="name">The extension.</param>
    /// <param name="revision">The revision of its form.</param>
    /// <param name="info">Its form.</param>
    /// <param name="flow">The flow.</param>
    /// <param name="state">The state of the flow.</param>
    public static bool? Read(string name, int revision, ReadOnlySpan<byte> info, FirewallFlow flow, int state) => (name, revision) switch
    {
        ("conntrack", 2 or 3) when info.Length >= StateMask + sizeof(ushort) => State(info, state),
        ("multiport", 1) when info.Length > Invert => PortList(info, flow),
        ("comment", _) => true,
        _ => null,
    };

    private static bool? State(ReadOnlySpan<byte> info, int state)
    {
        if (Number(info, MatchFlags) != ByState)
        {
            return null;
        }

        // The bits are those of nft, but for one.
        int bit = state == FirewallFlow.Untracked ? UntrackedInMask : state;
        return (Number(info, StateMask) & bit) != 0 == ((Number(info, InvertFlags) & ByState) == 0);
    }

    private static bool? PortList(ReadOnlySpan<byte> info, FirewallFlow flow)
    {
        int? compared = info[0] switch
        {
            BySource => flow.SourcePort,
            ByDestination => flow.DestinationPort,
            _ => null,
        };
        if (compared is not int port)
        {
            return null;
        }

        bool isListed = false;
        int count = Math.Min((int)info[1], MostPorts);
        for (int i = 0; i < count; i++)
        {
            int first = Number(info, Ports + (i * sizeof(ushort)));
            bool isRange = info[RangeFlags + i] != 0 && i + 1 < count;
            int last = isRange ? Number(info, Ports + (++i * sizeof(ushort))) : first;
            isListed |= port >= first && port <= last;
        }

        return isListed == (info[Invert] == 0);
    }

    private static int Number(ReadOnlySpan<byte> info, int offset) => MemoryMarshal.Read<ushort>(info[offset..]);
}
