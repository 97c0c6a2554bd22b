namespace WgProxy.Core.Engine.Batching;

/// <summary>What one segmented send to a destination may be.</summary>
/// <param name="MaxBytes">Bytes in all: what one datagram of that IP version could carry.</param>
/// <param name="MaxStride">The largest segment that is known to fit; 0 if the destination takes no trains at all.</param>
/// <param name="MustEndShort">Whether the last segment must be shorter than the others: kernels 7.0.0 to 7.1.4 corrupt
/// trains of equal segments.</param>
internal readonly record struct TrainLimits(int MaxBytes, int MaxStride, bool MustEndShort)
{
    /// <summary>Segments in one send: UDP_MAX_SEGMENTS of every kernel; 6.9 raised it to 128 for sending only.</summary>
    public const int MaxDatagrams = 64;

    /// <summary>The largest UDP payload in IPv4: 65,535 less 20 and 8 bytes of header.</summary>
    public const int MaxBytesIPv4 = 65_507;

    /// <summary>The largest UDP payload in IPv6: 65,535 less 8, for the IPv6 header does not count.</summary>
    public const int MaxBytesIPv6 = 65_527;
}
