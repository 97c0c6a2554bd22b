using System.Globalization;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>What the relay says it sees: its status line, read back.</summary>
internal sealed record RelayStatus(
    string Line,
    IReadOnlyDictionary<string, long> Mappings,
    RelayWay Uplink,
    RelayWay Downlink,
    IReadOnlyDictionary<string, long> Faults)
{
    public long Live => Mappings.Values.Sum();

    // up 11.2 s; mappings Confirmed 1; uplink 5 datagrams 700 bytes, dropped BadMac1 2, NoMapping 1; downlink …; faults none
    public static RelayStatus Parse(string line)
    {
        Dictionary<string, string> part = line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..]
            .Split("; ")
            .ToDictionary(text => text[..text.IndexOf(' ', StringComparison.Ordinal)], StringComparer.Ordinal);
        return new RelayStatus(
            line[(line.IndexOf("status: ", StringComparison.Ordinal) + 8)..], Named(part["mappings"]["mappings ".Length..]), Way(part["uplink"]), Way(part["downlink"]), Named(part["faults"]["faults ".Length..]));
    }

    public override string ToString() => Line;

    private static RelayWay Way(string text)
    {
        const string dropped = "dropped ";
        long passed = long.Parse(text.Split(' ')[1], CultureInfo.InvariantCulture);
        return new RelayWay(passed, Named(text[(text.IndexOf(dropped, StringComparison.Ordinal) + dropped.Length)..]));
    }

    private static Dictionary<string, long> Named(string list) => list is "none"
        ? []
        : list.Split(", ").Select(item => item.Split(' ')).ToDictionary(
            item => item[0], item => long.Parse(item[1], CultureInfo.InvariantCulture), StringComparer.Ordinal);
}

/// <summary>One direction's datagrams.</summary>
internal sealed record RelayWay(long Passed, IReadOnlyDictionary<string, long> Dropped)
{
    public long AllDropped => Dropped.Values.Sum();

    public long Seen => Passed + AllDropped;
}
