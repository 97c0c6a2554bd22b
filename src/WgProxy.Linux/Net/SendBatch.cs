using System.Runtime.InteropServices;
using WgProxy.Core.Engine.Batching;
using WgProxy.Linux.Native;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Net;

/// <summary>The messages of one sendmmsg, each a train whose datagrams stay where they were received. Nothing is
/// copied, so the bytes must stay until they are sent.</summary>
internal sealed unsafe class SendBatch : IDisposable
{
    /// <summary>Messages that fit.</summary>
    public const int Capacity = TrainLimits.MaxDatagrams;

    private const int VectorCapacity = 256;
    private const int ControlSize = 128;

    private readonly mmsghdr* _headers = (mmsghdr*)NativeMemory.AllocZeroed(Capacity, (nuint)sizeof(mmsghdr));
    private readonly iovec* _vectors = (iovec*)NativeMemory.AllocZeroed(VectorCapacity, (nuint)sizeof(iovec));
    private readonly byte* _controls = (byte*)NativeMemory.AllocZeroed(Capacity, ControlSize);
    private readonly Train[] _trains = new Train[Capacity];
    private int _vectorCount;
    private bool _disposed;

    /// <summary>Messages so far.</summary>
    public int Count { get; private set; }

    /// <summary>Whether another message fits.</summary>
    public bool HasRoom => Count < Capacity && HasVector;

    /// <summary>Whether the message that was begun can be appended to.</summary>
    public bool HasVector => _vectorCount < VectorCapacity;

    /// <summary>What a message carries.</summary>
    public ref readonly Train TrainOf(int message) => ref _trains[message];

    /// <summary>Begins a message.</summary>
    /// <param name="name">The destination's address as the kernel reads it; 0 on a connected socket.</param>
    public void Begin(nint name)
    {
        _headers[Count] = default;
        _headers[Count].msg_hdr.msg_name = (void*)name;
        _headers[Count].msg_hdr.msg_namelen = name == 0 ? 0 : Length(name);
        _headers[Count].msg_hdr.msg_iov = _vectors + _vectorCount;
    }

    /// <summary>Appends whole datagrams to the message that was begun.</summary>
    public void Append(nint address, int length)
    {
        _vectors[_vectorCount++] = new iovec { iov_base = (void*)address, iov_len = (nuint)length };
        _headers[Count].msg_hdr.msg_iovlen++;
    }

    /// <summary>Ends the message that was begun.</summary>
    /// <param name="train">What was appended.</param>
    /// <param name="isIPv4">The socket's IP version.</param>
    /// <param name="local">The local address to send from; empty if the kernel is to choose.</param>
    public void Seal(in Train train, bool isIPv4, ReadOnlySpan<byte> local)
    {
        _trains[Count] = train;
        WriteControl(Count++, isIPv4, local);
    }

    /// <summary>Writes the control messages that a message needs, and no others: a pointer to stale ones is an error.
    /// </summary>
    public void WriteControl(int message, bool isIPv4, ReadOnlySpan<byte> local)
    {
        ref readonly Train train = ref _trains[message];
        ref msghdr header = ref _headers[message].msg_hdr;
        nint buffer = (nint)(_controls + (message * ControlSize));
        ControlWriter control = new(buffer, ControlSize);

        // Never for a single datagram: kernels before 2025 compared the stride, not the length, with the MTU.
        if (train.IsSegmented)
        {
            control.Add(IPPROTO_UDP, UDP_SEGMENT, (ushort)train.Stride);
        }

        if (train.Ecn != 0)
        {
            control.Add(isIPv4 ? IPPROTO_IP : IPPROTO_IPV6, isIPv4 ? IP_TOS : IPV6_TCLASS, (int)train.Ecn);
        }

        if (local.Length == sizeof(in_addr))
        {
            in_pktinfo info = default;
            local.CopyTo(info.ipi_spec_dst);
            control.Add(IPPROTO_IP, IP_PKTINFO, info);
        }
        else if (local.Length == sizeof(in6_addr))
        {
            in6_pktinfo info = default;
            local.CopyTo(info.ipi6_addr);
            control.Add(IPPROTO_IPV6, IPV6_PKTINFO, info);
        }

        header.msg_control = control.Length == 0 ? null : (void*)buffer;
        header.msg_controllen = (nuint)control.Length;
    }

    /// <summary>Sends messages in order, without waiting, as far as the kernel takes them.</summary>
    /// <param name="descriptor">The socket.</param>
    /// <param name="from">The first message to send.</param>
    /// <param name="end">The first not to send.</param>
    /// <param name="error">0; or why not even the first was sent.</param>
    /// <returns>How many were sent.</returns>
    public int Send(int descriptor, int from, int end, out int error)
    {
        int sent;
        do
        {
            sent = Libc.sendmmsg(descriptor, _headers + from, (uint)(end - from), MSG_DONTWAIT);
            error = sent < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
        while (error == EINTR);

        return Math.Max(sent, 0);
    }

    /// <summary>Whether the message has bytes only, without control messages or an address.</summary>
    public bool IsPlain(int message) => _headers[message].msg_hdr.msg_controllen == 0 && _headers[message].msg_hdr.msg_name == null;

    /// <summary>Adds a message to what a ring sends.</summary>
    public void AddTo(SendRing ring, int message, int descriptor) => ring.Add(message, descriptor, &_headers[message].msg_hdr);

    /// <summary>Puts the datagrams of one message, each by itself, into an empty batch. The message may be one that was
    /// begun and not ended.</summary>
    public void Split(int message, in Train train, SendBatch into, bool isIPv4, ReadOnlySpan<byte> local)
    {
        ref readonly msghdr header = ref _headers[message].msg_hdr;
        for (nuint i = 0; i < header.msg_iovlen; i++)
        {
            int length = (int)header.msg_iov[i].iov_len;
            for (int offset = 0; offset < length; offset += train.Stride)
            {
                int each = Math.Min(train.Stride, length - offset);
                into.Begin((nint)header.msg_name);
                into.Append((nint)header.msg_iov[i].iov_base + offset, each);
                into.Seal(new Train(train.Slot, each, each, 1, train.Ecn), isIPv4, local);
            }
        }
    }

    /// <summary>Forgets all messages.</summary>
    public void Clear() => Count = _vectorCount = 0;

    /// <summary>Frees the headers.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            NativeMemory.Free(_headers);
            NativeMemory.Free(_vectors);
            NativeMemory.Free(_controls);
        }
    }

    private static uint Length(nint name) =>
        (uint)(KernelAddress.IsIPv4(name) ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
}
