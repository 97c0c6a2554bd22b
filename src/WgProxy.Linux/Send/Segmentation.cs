namespace WgProxy.Linux.Send;

/// <summary>What the kernel does for an engine: runs on receiving (GRO), trains on sending (GSO), sends by many sockets at once (io_uring).</summary>
/// <param name="Coalesces">Whether runs are received.</param>
/// <param name="Segments">Whether trains are sent.</param>
/// <param name="MustEndShort">Whether a train needs a shorter last datagram to leave uncorrupted.</param>
public sealed record Segmentation(bool Coalesces, bool Segments, bool MustEndShort)
{
    /// <summary>Whether sends by many sockets go to the kernel together (io_uring), if it lets this process do so.</summary>
    public bool Rings { get; init; } = true;

    /// <summary>Nothing: one datagram per message.</summary>
    public static Segmentation None { get; } = new(false, false, false) { Rings = false };

    /// <summary>What this kernel does correctly. A socket tells whether the kernel can segment at all. A trial
    /// tells whether a destination takes it.</summary>
    public static Segmentation OfThisHost()
    {
        KernelVersion kernel = KernelVersion.OfThisHost();
        return new Segmentation(kernel.CanCoalesce, true, kernel.CorruptsEvenTrains);
    }
}
