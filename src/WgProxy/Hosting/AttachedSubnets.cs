using System.Net;
using System.Net.NetworkInformation;

namespace WgProxy.Hosting;

/// <summary>The subnets to which this host is attached.</summary>
internal static class AttachedSubnets
{
    /// <summary>The current subnets; empty if the system does not tell.</summary>
    public static IEnumerable<IPNetwork> OfThisHost()
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
