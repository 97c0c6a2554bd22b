using WgProxy.Load.Native;

namespace WgProxy.Load;

/// <summary>Sends one datagram to an address as the kernel wrote it, without building an object of it.</summary>
internal static unsafe class ReplySender
{
    public static void Send(int fd, ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> name)
    {
        fixed (byte* bytes = datagram, address = name)
        {
            IoVec vector = new() { Base = bytes, Length = (nuint)datagram.Length };
            MMsgHdr message = default;
            message.Header.Name = address;
            message.Header.NameLength = (uint)name.Length;
            message.Header.Vectors = &vector;
            message.Header.VectorCount = 1;
            _ = Libc.SendMMsg(fd, &message, 1, 0);
        }
    }
}
