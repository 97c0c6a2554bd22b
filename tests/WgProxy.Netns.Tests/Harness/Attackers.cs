using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>Where an attack seems to come from.</summary>
public enum Origin
{
    /// <summary>One IPv4 address, which is the attacker's own; every port of it.</summary>
    OneAddress,

    /// <summary>Every address of one IPv6 /64.</summary>
    OnePrefix,

    /// <summary>Random IPv4 addresses.</summary>
    Anywhere,

    /// <summary>Two thousand IPv4 addresses, again and again: they hold all that may ask, and go on asking.</summary>
    SameSources,
}

/// <summary>Addresses and datagrams of whoever attacks from a host.</summary>
internal static class Attackers
{
    /// <summary>The port from which <see cref="Load"/> asks: none that a relay draws.</summary>
    public const int LoadPort = 20_000;

    /// <summary>A source of this origin, another for every number.</summary>
    public static IPEndPoint Source(Origin origin, Host host, long number)
    {
        number = origin == Origin.SameSources ? number % 2_000 : number;
        ulong mixed = Mix((ulong)number);
        int port = 1024 + (int)(number % 64_000);
        Span<byte> ipv6 = stackalloc byte[16];
        switch (origin)
        {
            case Origin.OneAddress:
                return new IPEndPoint(host.Address(AddressFamily.InterNetwork), port);
            case Origin.OnePrefix:
                IPAddress.Parse("2001:db8:0:64::").TryWriteBytes(ipv6, out _);
                BinaryPrimitives.WriteUInt64BigEndian(ipv6[8..], mixed);
                return new IPEndPoint(new IPAddress(ipv6), port);
            default:
                return new IPEndPoint(new IPAddress([198, (byte)(18 + (mixed & 1)), (byte)(mixed >> 8), (byte)(mixed >> 16)]), port);
        }
    }

    /// <summary>Where an attack of this origin is aimed at.</summary>
    public static IPEndPoint Target(Origin origin, Host host) => new(
        host.Relay(origin == Origin.OnePrefix ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork), Tunnel.Port);

    /// <summary>Lets a host's forged packets in, and sends what is for their senders back to that host.</summary>
    public static void LetForgedIn(Topology topology, Host host)
    {
        topology.Relay.WriteSysctl("net/ipv4/conf/all/rp_filter", "0");
        topology.Relay.WriteSysctl($"net/ipv4/conf/{host.RelayLink}/rp_filter", "0");
        topology.Relay.Ip("route", "add", "198.18.0.0/15", "via", $"{host.Address(AddressFamily.InterNetwork)}");
        topology.Relay.Ip("route", "add", "2001:db8::/32", "via", $"{host.Address(AddressFamily.InterNetworkV6)}");
    }

    /// <summary>Makes valid initiations without end, each of them new. The buffer is the same each time.</summary>
    public static Func<long, byte[]> Initiations(Tunnel tunnel)
    {
        Mac1 mac1 = new(tunnel.Server.Key.Parse());
        byte[] message = WireMessages.Initiation(mac1, 0);
        return number =>
        {
            BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(4), (uint)number);
            BinaryPrimitives.WriteInt64LittleEndian(message.AsSpan(8), number);
            mac1.Write(message);
            return message;
        };
    }

    /// <summary>Loads a server by bursts past the relay: wireguard-go holds itself for loaded for a second after it had an eighth of its
    /// handshake queue (128) waiting.</summary>
    public static Pace Load(Tunnel tunnel)
    {
        const int burst = 200;
        IPEndPoint server = new(tunnel.Server.Host.Address(AddressFamily.InterNetworkV6), Tunnel.Port);
        Socket socket = tunnel.Topology.Own(tunnel.Topology.Relay.Udp(IPAddress.IPv6Any, LoadPort));
        Mac1 mac1 = new(tunnel.Server.Key.Parse());
        byte[][] initiations = [.. Enumerable.Range(0, burst).Select(index => WireMessages.Initiation(mac1, (uint)index))];
        return new Pace(perSecond: 5, _ =>
        {
            foreach (byte[] initiation in initiations)
            {
                socket.SendTo(initiation, server);
            }
        });
    }

    private static ulong Mix(ulong number)
    {
        number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9;
        number = (number ^ (number >> 27)) * 0x94D049BB133111EB;
        return number ^ (number >> 31);
    }
}
