using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using WgProxy.Configuration;

namespace WgProxy.Hosting;

/// <summary>Knows the addresses at which this relay itself listens. Relaying to one of them would be a loop.</summary>
/// <param name="listening">Where the relay listens at the moment; <c>[::]</c> stands for both families.</param>
/// <param name="ofHost">The addresses of this host's interfaces, as they are at the moment.</param>
internal sealed class OwnAddresses(Func<IReadOnlyList<IPEndPoint>> listening, Func<IEnumerable<IPAddress>> ofHost)
{
    /// <summary>Knows addresses that do not change.</summary>
    public OwnAddresses(IReadOnlyList<IPEndPoint> listening, Func<IEnumerable<IPAddress>> ofHost)
        : this(() => listening, ofHost)
    {
    }

    /// <summary>The addresses of this host's interfaces; empty if the system does not tell.</summary>
    public static IEnumerable<IPAddress> OfThisHost()
    {
        try
        {
            return [.. NetworkInterface.GetAllNetworkInterfaces()
                .SelectMany(card => card.GetIPProperties().UnicastAddresses)
                .Select(unicast => unicast.Address)];
        }
        catch (Exception refusal) when (refusal is NetworkInformationException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The same, asked at most once a second, because a thousand servers may be resolved at once. Any thread may call it.</summary>
    public static Func<IEnumerable<IPAddress>> OfThisHostLately(TimeProvider time)
    {
        Answer? last = null;
        return () =>
        {
            Answer? known = Volatile.Read(ref last);
            if (known is null || time.GetElapsedTime(known.At) > TimeSpan.FromSeconds(1))
            {
                known = new Answer(time.GetTimestamp(), [.. OfThisHost()]);
                Volatile.Write(ref last, known);
            }

            return known.Addresses;
        };
    }

    /// <summary>Whether datagrams sent to this address and port come back to the relay.</summary>
    public bool Contains(IPAddress address, int port)
    {
        IPAddress target = EndPointText.Normalise(address);
        return listening().Any(listen => listen.Port == port && Reaches(target, EndPointText.Normalise(listen.Address)));
    }

    private bool Reaches(IPAddress target, IPAddress listen)
    {
        if (Same(target, listen))
        {
            return true;
        }

        bool wildcard = listen.Equals(IPAddress.IPv6Any)
            || (listen.Equals(IPAddress.Any) && target.AddressFamily == AddressFamily.InterNetwork);
        return wildcard && (IPAddress.IsLoopback(target) || ofHost().Any(own => Same(own, target)));
    }

    // Addresses without their scope: a link-local address of this host is its own on every link.
    private static bool Same(IPAddress left, IPAddress right) =>
        left.GetAddressBytes().AsSpan().SequenceEqual(right.GetAddressBytes());

    private sealed record Answer(long At, IReadOnlyList<IPAddress> Addresses);
}
