namespace WgProxy.Accounting;

/// <summary>What a peer, or all clients of a server, have done in some time. Traffic is UDP payload that was forwarded.</summary>
/// <param name="Handshakes">Handshakes that the server answered, rekeys included.</param>
/// <param name="UplinkDatagrams">Datagrams to the server.</param>
/// <param name="DownlinkDatagrams">Datagrams to clients.</param>
/// <param name="UplinkBytes">Bytes to the server.</param>
/// <param name="DownlinkBytes">Bytes to clients.</param>
/// <param name="LastSeen">When something last passed, in milliseconds since 1970, UTC; 0 if nothing has. It is exact for a peer. For a
/// server it is when the relay last noticed, up to <see cref="UsageMeter.Period"/> later.</param>
internal readonly record struct UsageFigures(
    long Handshakes, long UplinkDatagrams, long DownlinkDatagrams, long UplinkBytes, long DownlinkBytes, long LastSeen)
{
    /// <summary>Whether nothing was done.</summary>
    public bool IsEmpty => (Handshakes | UplinkDatagrams | DownlinkDatagrams | UplinkBytes | DownlinkBytes) == 0;

    /// <summary>Bytes both ways.</summary>
    public long Bytes => UplinkBytes + DownlinkBytes;

    /// <summary>Both together.</summary>
    public static UsageFigures operator +(in UsageFigures left, in UsageFigures right) => new(
        left.Handshakes + right.Handshakes,
        left.UplinkDatagrams + right.UplinkDatagrams,
        left.DownlinkDatagrams + right.DownlinkDatagrams,
        left.UplinkBytes + right.UplinkBytes,
        left.DownlinkBytes + right.DownlinkBytes,
        Math.Max(left.LastSeen, right.LastSeen));

    /// <summary>What has come since: the difference of counters that only grow.</summary>
    public static UsageFigures operator -(in UsageFigures later, in UsageFigures earlier) => new(
        later.Handshakes - earlier.Handshakes,
        later.UplinkDatagrams - earlier.UplinkDatagrams,
        later.DownlinkDatagrams - earlier.DownlinkDatagrams,
        later.UplinkBytes - earlier.UplinkBytes,
        later.DownlinkBytes - earlier.DownlinkBytes,
        later.LastSeen);

    /// <summary>What is left of a whole: less than nothing of no figure. Its parts were read a moment later than the whole, or earlier.</summary>
    public UsageFigures Without(in UsageFigures part) => new(
        Math.Max(0, Handshakes - part.Handshakes),
        Math.Max(0, UplinkDatagrams - part.UplinkDatagrams),
        Math.Max(0, DownlinkDatagrams - part.DownlinkDatagrams),
        Math.Max(0, UplinkBytes - part.UplinkBytes),
        Math.Max(0, DownlinkBytes - part.DownlinkBytes),
        LastSeen);
}
