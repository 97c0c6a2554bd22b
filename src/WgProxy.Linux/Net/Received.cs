using System.Runtime.CompilerServices;
using WgProxy.Linux.Native;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Net;

/// <summary>The control messages of one receive, decoded.</summary>
internal unsafe ref struct Received
{
    /// <summary>Length of each datagram but the last; 0 if there is only one.</summary>
    public int Stride;

    /// <summary>The two ECN bits.</summary>
    public byte Ecn;

    /// <summary>Datagrams that this socket has lost since it was made, because its buffer was full; 0 if not reported.
    /// </summary>
    public uint Overflowed;

    /// <summary>Whether it was multicast or broadcast, and not sent to an address of this host; false if not reported.</summary>
    public bool IsToGroup;

    /// <summary>The local address to which it was sent, 4 or 16 bytes; empty if not reported.</summary>
    public ReadOnlySpan<byte> Local;

    /// <summary>Decodes what the kernel wrote. Unknown messages are passed over; a length that points outside ends it.
    /// </summary>
    public static Received From(nint control, int length)
    {
        Received received = default;
        int header = Control.Align(sizeof(cmsghdr));
        while (length >= header)
        {
            cmsghdr* message = (cmsghdr*)control;
            if (message->cmsg_len < (nuint)header || message->cmsg_len > (nuint)length)
            {
                break;
            }

            int size = (int)message->cmsg_len;
            received.Take(message->cmsg_level, message->cmsg_type, (byte*)control + header, size - header);
            int next = Control.Align(size);
            control += next;
            length -= next;
        }

        return received;
    }

    private void Take(int level, int type, byte* data, int size)
    {
        switch (level, type, size)
        {
            case (IPPROTO_UDP, UDP_GRO, >= sizeof(int)):
                Stride = Unsafe.ReadUnaligned<int>(data);
                break;
            case (IPPROTO_IP, IP_PKTINFO, >= 12):
                // The address of this host that the routing chose, which is what a reply must come from.
                Local = new ReadOnlySpan<byte>(data + 4, 4);

                // The header's destination is the same, unless it is not an address of this host.
                IsToGroup = !Local.SequenceEqual(new ReadOnlySpan<byte>(data + 8, 4));
                break;
            case (IPPROTO_IPV6, IPV6_PKTINFO, >= 20):
                Local = new ReadOnlySpan<byte>(data, 16);
                IsToGroup = *data == 0xFF; // ff00::/8 (RFC 4291, section 2.7)
                break;
            case (IPPROTO_IP, IP_TOS, >= 1): // One byte here, an int when sending.
                Ecn = (byte)(*data & 3);
                break;
            case (IPPROTO_IPV6, IPV6_TCLASS, >= sizeof(int)):
                Ecn = (byte)(Unsafe.ReadUnaligned<int>(data) & 3);
                break;
            case (SOL_SOCKET, SO_RXQ_OVFL, >= sizeof(uint)):
                Overflowed = Unsafe.ReadUnaligned<uint>(data);
                break;
        }
    }
}
