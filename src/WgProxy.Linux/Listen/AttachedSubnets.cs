using System.Net;
using System.Net.NetworkInformation;
using WgProxy.Core.Admission;

namespace WgProxy.Linux.Listen;

/// <summary>
/// Keeps a <see cref="StrangerSpread"/> informed of the subnets that this host is attached to. They change, so they are looked
/// up again, by a thread of the pool and not by the one that sends; at most once a minute, and only while strangers are
/// answered. A subnet that is missing costs newcomers something in a flood from it, and the proven nothing.
/// </summary>
/// <param name="spread">What is informed.</param>
public sealed class AttachedSubnets(StrangerSpread spread) : IThreadPoolWorkItem
{
    private const long Interval = 60_000;

    private long _next = Interval;

    /// <summary>Looks them up now.</summary>
    public void Execute() => spread.Attach(OfThisHost());

    /// <summary>Has them looked up again if it is time. May be called from any thread.</summary>
    /// <param name="milliseconds">The instant, by the engine's clock.</param>
    public void Refresh(long milliseconds)
    {
        long next = Volatile.Read(ref _next);
        if (milliseconds >= next && Interlocked.CompareExchange(ref _next, milliseconds + Interval, next) == next)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    private static IPNetwork[] OfThisHost()
    {
        try
        {
            return [.. NetworkInterface.GetAllNetworkInterfaces()
                .SelectMany(card => card.GetIPProperties().UnicastAddresses)
                .Where(unicast => unicast.PrefixLength > 0)
                .Select(SubnetOf)];
        }
        catch (Exception refusal) when (refusal is NetworkInformationException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static IPNetwork SubnetOf(UnicastIPAddressInformation unicast)
    {
        byte[] bytes = unicast.Address.GetAddressBytes();
        for (int bit = unicast.PrefixLength; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPNetwork(new IPAddress(bytes), unicast.PrefixLength);
    }
}
