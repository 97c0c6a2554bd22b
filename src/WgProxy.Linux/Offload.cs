namespace WgProxy.Linux;

/// <summary>What is left to the kernel: runs on receiving (GRO), trains on sending (GSO), sends by many sockets at once.</summary>
/// <param name="Coalesces">Whether runs are received.</param>
/// <param name="Segments">Whether trains are sent.</param>
/// <param name="MustEndShort">Whether a train needs a shorter last datagram to leave uncorrupted.</param>
public sealed record Offload(bool Coalesces, bool Segments, bool MustEndShort)
{
    /// <summary>Whether sends by many sockets go to the kernel together (io_uring), if it lets this process do so.</summary>
    public bool Rings { get; init; } = true;

    /// <summary>Nothing: one datagram per message.</summary>
    public static Offload None { get; } = new(false, false, false) { Rings = false };

    /// <summary>What this kernel can be trusted with. Whether it can segment at all is found out by asking a socket;
    /// whether a destination takes it, by trying.</summary>
    public static Offload OfThisHost()
    {
        KernelVersion kernel = KernelVersion.OfThisHost();
        return new Offload(kernel.CanCoalesce, true, kernel.CorruptsEvenTrains);
    }
}
