using System.Runtime.InteropServices;
using WgProxy.Load.Native;

namespace WgProxy.Load;

/// <summary>Buffers for one recvmmsg. With GRO few large ones, because each may return 64 datagrams.</summary>
internal sealed unsafe class ReceiveBatch
{
    private const int NameSize = 28;
    private const int ControlSize = 64;

    private readonly int _size;
    private readonly MMsgHdr* _messages;
    private readonly byte* _memory;

    public ReceiveBatch(bool gro)
    {
        Slots = gro ? 8 : 64;
        _size = gro ? 1 << 16 : 2048;
        int each = _size + NameSize + 4 + ControlSize;
        _memory = (byte*)NativeMemory.AllocZeroed((nuint)(Slots * each));
        _messages = (MMsgHdr*)NativeMemory.AllocZeroed((nuint)Slots, (nuint)sizeof(MMsgHdr));
        IoVec* vectors = (IoVec*)NativeMemory.AllocZeroed((nuint)Slots, (nuint)sizeof(IoVec));
        byte* extra = _memory + (Slots * _size);
        for (int i = 0; i < Slots; i++)
        {
            vectors[i] = new IoVec { Base = _memory + (i * _size), Length = (nuint)_size };
            _messages[i].Header.Vectors = vectors + i;
            _messages[i].Header.VectorCount = 1;
            _messages[i].Header.Name = extra + (i * (NameSize + 4 + ControlSize));
            _messages[i].Header.Control = _messages[i].Header.Name + NameSize + 4;
        }
    }

    public int Slots { get; }

    /// <summary>Waits for at least one message, unless the flags say otherwise; -1 when none came.</summary>
    public int Receive(int fd, int flags = Libc.MsgWaitForOne)
    {
        for (int i = 0; i < Slots; i++)
        {
            _messages[i].Header.NameLength = NameSize;
            _messages[i].Header.ControlLength = ControlSize;
        }

        return Libc.RecvMMsg(fd, _messages, (uint)Slots, flags, null);
    }

    public Span<byte> Bytes(int slot) => new(_messages[slot].Header.Vectors->Base, (int)_messages[slot].Length);

    /// <summary>The sender's address, as the kernel writes it.</summary>
    public ReadOnlySpan<byte> Name(int slot) =>
        new(_messages[slot].Header.Name, (int)_messages[slot].Header.NameLength);

    /// <summary>The length of each datagram but the last. The kernel says it as an int, and only if it coalesced.</summary>
    public int Stride(int slot)
    {
        CMsgHdr* header = (CMsgHdr*)_messages[slot].Header.Control;
        bool said = _messages[slot].Header.ControlLength >= (nuint)sizeof(CMsgHdr)
            && header->Level == Libc.SolUdp && header->Type == Libc.UdpGro;
        return said ? *(int*)(header + 1) : (int)_messages[slot].Length;
    }
}
