using System.Buffers.Binary;
using System.Net;
using WgProxy.Core.Engine;
using WgProxy.Linux.Native;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Net;

/// <summary>The kernel's addresses (sockaddr_in and sockaddr_in6) and ours.</summary>
internal static unsafe class KernelAddress
{
    /// <summary>Room for an address of either family.</summary>
    public const int Size = 28;

    /// <summary>Whether an address as the kernel wrote it is IPv4.</summary>
    public static bool IsIPv4(nint address) => *(ushort*)address == AF_INET;

    /// <summary>Whether a socket to this address is one of IPv4.</summary>
    public static bool IsIPv4(IPEndPoint endPoint) =>
        endPoint.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork || endPoint.Address.IsIPv4MappedToIPv6;

    /// <summary>Writes an address as the kernel reads it.</summary>
    /// <returns>Its length.</returns>
    public static uint Write(IPEndPoint endPoint, nint address)
    {
        Span<byte> bytes = stackalloc byte[16];
        IPAddress ip = endPoint.Address.IsIPv4MappedToIPv6 ? endPoint.Address.MapToIPv4() : endPoint.Address;
        ip.TryWriteBytes(bytes, out int written);
        if (written == 4)
        {
            sockaddr_in* v4 = (sockaddr_in*)address;
            *v4 = new sockaddr_in { sin_family = AF_INET, sin_port = NetworkOrder((ushort)endPoint.Port) };
            bytes[..4].CopyTo(v4->sin_addr);
            return (uint)sizeof(sockaddr_in);
        }

        sockaddr_in6* v6 = (sockaddr_in6*)address;
        *v6 = new sockaddr_in6
        {
            sin6_family = AF_INET6,
            sin6_port = NetworkOrder((ushort)endPoint.Port),
            sin6_scope_id = (uint)ip.ScopeId,
        };
        bytes.CopyTo(v6->sin6_addr);
        return (uint)sizeof(sockaddr_in6);
    }

    /// <summary>Writes the address that stands for every local one, as the kernel reads it.</summary>
    /// <returns>Its length.</returns>
    public static uint WriteAny(bool isIPv4, ushort port, nint address)
    {
        // Family and port lie where they lie in sockaddr_in; the rest is zero in both.
        *(sockaddr_in6*)address = new sockaddr_in6
        {
            sin6_family = (ushort)(isIPv4 ? AF_INET : AF_INET6),
            sin6_port = NetworkOrder(port),
        };
        return (uint)(isIPv4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    }

    /// <summary>Writes a local address and port, as the kernel reads them.</summary>
    /// <returns>Its length.</returns>
    public static uint Write(bool isIPv4, UpstreamEnd end, nint address)
    {
        uint length = WriteAny(isIPv4, end.Port, address);
        if (isIPv4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(((sockaddr_in*)address)->sin_addr, (uint)end.Address);
        }
        else
        {
            BinaryPrimitives.WriteUInt128BigEndian(((sockaddr_in6*)address)->sin6_addr, end.Address);
        }

        return length;
    }

    /// <summary>The port of an address as the kernel wrote it.</summary>
    public static ushort PortOf(nint address) => NetworkOrder(((sockaddr_in*)address)->sin_port);

    /// <summary>An address as the kernel wrote it.</summary>
    public static IPEndPoint ToEndPoint(nint address)
    {
        if (IsIPv4(address))
        {
            sockaddr_in* v4 = (sockaddr_in*)address;
            return new IPEndPoint(new IPAddress(v4->sin_addr), NetworkOrder(v4->sin_port));
        }

        sockaddr_in6* v6 = (sockaddr_in6*)address;
        return new IPEndPoint(
            new IPAddress(v6->sin6_addr, v6->sin6_scope_id), NetworkOrder(v6->sin6_port));
    }

    /// <summary>The source of a datagram: its sender, and the local address and port to which it was sent.</summary>
    public static Source ToSource(nint address, ReadOnlySpan<byte> local, ushort localPort)
    {
        if (IsIPv4(address))
        {
            sockaddr_in* v4 = (sockaddr_in*)address;
            return Source.From(v4->sin_addr, NetworkOrder(v4->sin_port), 0, local, localPort);
        }

        sockaddr_in6* v6 = (sockaddr_in6*)address;
        return Source.From(
            v6->sin6_addr, NetworkOrder(v6->sin6_port), v6->sin6_scope_id, local, localPort);
    }

    private static ushort NetworkOrder(ushort value) =>
        BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;
}
