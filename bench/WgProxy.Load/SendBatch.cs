using System.ComponentModel;
using System.Runtime.InteropServices;
using WgProxy.Load.Native;

namespace WgProxy.Load;

/// <summary>Buffers for one sendmmsg: plain datagrams, or trains that the kernel cuts.</summary>
internal sealed unsafe class SendBatch
{
    private readonly int _size;
    private readonly int _train;
    private readonly byte* _memory;
    private readonly MMsgHdr* _messages;

    /// <summary>Room for <paramref name="messages"/> messages of <paramref name="train"/> datagrams each.</summary>
    public SendBatch(int messages, int size, int train)
    {
        Capacity = messages;
        _size = size;
        _train = train;
        int each = size * train;
        _memory = (byte*)NativeMemory.Alloc((nuint)(messages * each));
        Random.Shared.NextBytes(new Span<byte>(_memory, messages * each));
        _messages = (MMsgHdr*)NativeMemory.AllocZeroed((nuint)messages, (nuint)sizeof(MMsgHdr));
        IoVec* vectors = (IoVec*)NativeMemory.AllocZeroed((nuint)messages, (nuint)sizeof(IoVec));
        for (int i = 0; i < messages; i++)
        {
            vectors[i] = new IoVec { Base = _memory + (i * each), Length = (nuint)each };
            _messages[i].Header.Vectors = vectors + i;
            _messages[i].Header.VectorCount = 1;
            if (train > 1)
            {
                Segment(ref _messages[i].Header, (ushort)size);
            }
        }
    }

    /// <summary>Messages that fit.</summary>
    public int Capacity { get; }

    /// <summary>Sends the next datagrams of a flow; returns how many the kernel took.</summary>
    public int Send(Flow flow, int messages)
    {
        for (int i = 0; i < messages * _train; i++)
        {
            Messages.Transport(new Span<byte>(_memory + (i * _size), 16), flow.ServerIndex, flow.Counter + (ulong)i);
        }

        int sent = Libc.SendMMsg(flow.Fd, _messages, (uint)messages, 0);
        if (sent < 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error is Libc.Eagain or Libc.EnoBufs or Libc.EconnRefused or Libc.Eintr)
            {
                // Not sent, so not counted as lost either; the counters are used again.
                return 0;
            }

            throw new Win32Exception(error);
        }

        flow.Counter += (ulong)(sent * _train);
        return sent * _train;
    }

    private static void Segment(ref MsgHdr header, ushort size)
    {
        CMsgHdr* control = (CMsgHdr*)NativeMemory.AllocZeroed(24);
        control->Length = (nuint)sizeof(CMsgHdr) + sizeof(ushort);
        control->Level = Libc.SolUdp;
        control->Type = Libc.UdpSegment;
        *(ushort*)(control + 1) = size;
        header.Control = (byte*)control;
        header.ControlLength = 24;
    }
}
