using System.Runtime.CompilerServices;
using WgProxy.Linux.Native;

namespace WgProxy.Linux.Net;

/// <summary>Writes the control messages of one send (cmsg(3)) into a buffer, one behind the other.</summary>
internal unsafe ref struct ControlWriter(nint buffer, int size)
{
    private readonly nint _buffer = buffer;
    private readonly int _size = size;

    /// <summary>Bytes written, padding included: the send's msg_controllen.</summary>
    public int Length { get; private set; }

    /// <summary>Appends one message. Its width is that of <typeparamref name="T"/>: the kernel insists on it.</summary>
    public void Add<T>(int level, int type, T value)
        where T : unmanaged
    {
        int header = Control.Align(sizeof(cmsghdr));
        int space = header + Control.Align(sizeof(T));
        if (Length + space > _size)
        {
            throw new InvalidOperationException("The control buffer is too small.");
        }

        cmsghdr* message = (cmsghdr*)(_buffer + Length);
        message->cmsg_len = (nuint)(header + sizeof(T));
        message->cmsg_level = level;
        message->cmsg_type = type;
        Unsafe.WriteUnaligned((byte*)message + header, value);
        Length += space;
    }
}

/// <summary>How control messages lie in memory.</summary>
internal static unsafe class Control
{
    /// <summary>CMSG_ALIGN: up to the next multiple of a word.</summary>
    public static int Align(int length) => (length + sizeof(nuint) - 1) & ~(sizeof(nuint) - 1);
}
