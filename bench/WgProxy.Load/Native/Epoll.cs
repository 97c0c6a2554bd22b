using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace WgProxy.Load.Native;

/// <summary>Waits for many sockets; poll would walk all of them on each call.</summary>
internal sealed unsafe class Epoll : IDisposable
{
    private const int Capacity = 256;

    // struct epoll_event is packed on x86-64 and nowhere else (EPOLL_PACKED in linux/eventpoll.h).
    private static readonly bool Packed = RuntimeInformation.ProcessArchitecture == Architecture.X64;
    private static readonly int Stride = Packed ? 12 : 16;
    private static readonly int DataOffset = Packed ? 4 : 8;

    private readonly byte[] _events = new byte[Capacity * 16];
    private readonly int _fd = Libc.EpollCreate1(0);

    public Epoll()
    {
        if (_fd < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Watches a socket for something to read, under this number.</summary>
    public void Add(int fd, int number)
    {
        Span<byte> row = stackalloc byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(row, Libc.EpollIn);
        BinaryPrimitives.WriteInt32LittleEndian(row[DataOffset..], number);
        fixed (byte* pointer = row)
        {
            if (Libc.EpollCtl(_fd, Libc.EpollCtlAdd, fd, pointer) < 0)
            {
                throw new Win32Exception(Marshal.GetLastPInvokeError());
            }
        }
    }

    /// <summary>Numbers of sockets that have something to read, as many as fit; none when the time is up.</summary>
    public int Wait(Span<int> numbers, int milliseconds)
    {
        fixed (byte* pointer = _events)
        {
            int count = Math.Max(0, Libc.EpollWait(_fd, pointer, Math.Min(Capacity, numbers.Length), milliseconds));
            for (int i = 0; i < count; i++)
            {
                numbers[i] = BinaryPrimitives.ReadInt32LittleEndian(_events.AsSpan((i * Stride) + DataOffset));
            }

            return count;
        }
    }

    public void Dispose() => _ = Libc.Close(_fd);
}
