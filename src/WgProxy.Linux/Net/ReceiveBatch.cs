using System.Runtime.InteropServices;
using WgProxy.Linux.Native;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Net;

/// <summary>
/// Buffers for recvmmsg, in native memory that the collector never sees. Each entry holds a whole run of
/// 64 KiB; a smaller one would truncate coalesced runs. Untouched pages cost no memory.
/// </summary>
internal sealed unsafe class ReceiveBatch : IDisposable
{
    /// <summary>The most entries of a batch.</summary>
    public const int Capacity = 64;

    // The largest payload is 65,527 bytes. Entries are 64 KiB and an odd number of cache lines apart. At a distance of
    // a power of two, their beginnings would compete for the same lines, and single datagrams use only these.
    private const int PayloadSize = 65_536;
    private const int PayloadDistance = PayloadSize + 1_600;
    private const long Window = 256 * 1024;
    private const int LeastWidth = 2;
    private const int NameSize = 32;
    private const int ControlSize = 128;

    private readonly int _capacity;
    private readonly mmsghdr* _headers;
    private readonly iovec* _vectors;
    private readonly byte* _names;
    private readonly byte* _controls;
    private readonly byte* _payloads;
    private long _average = 1;
    private bool _disposed;

    /// <summary>An empty batch.</summary>
    /// <param name="capacity">Its entries.</param>
    public ReceiveBatch(int capacity = Capacity)
    {
        _capacity = capacity;
        Width = capacity;
        _headers = (mmsghdr*)NativeMemory.AlignedAlloc((nuint)(capacity * sizeof(mmsghdr)), 64);
        _vectors = (iovec*)NativeMemory.AlignedAlloc((nuint)(capacity * sizeof(iovec)), 64);
        _names = (byte*)NativeMemory.AlignedAlloc((nuint)(capacity * NameSize), 64);
        _controls = (byte*)NativeMemory.AlignedAlloc((nuint)(capacity * ControlSize), 64);
        _payloads = (byte*)NativeMemory.AlignedAlloc((nuint)capacity * PayloadDistance, 4096);
        for (int i = 0; i < capacity; i++)
        {
            _vectors[i] = new iovec { iov_base = _payloads + ((nint)i * PayloadDistance), iov_len = PayloadSize };
            _headers[i] = default;
            _headers[i].msg_hdr.msg_iov = _vectors + i;
            _headers[i].msg_hdr.msg_iovlen = 1;
            _headers[i].msg_hdr.msg_name = _names + (i * NameSize);
            _headers[i].msg_hdr.msg_control = _controls + (i * ControlSize);
            Reset(i);
        }
    }

    /// <summary>Receives so far.</summary>
    public int Count { get; private set; }

    /// <summary>How many receives one call should ask for at most, judged by the latest batches.</summary>
    public int Width { get; private set; }

    /// <summary>Receives that still fit.</summary>
    public int Room => _capacity - Count;

    /// <summary>Receives what has arrived, without waiting, behind what is there already.</summary>
    /// <param name="descriptor">The socket.</param>
    /// <param name="most">How many receives; at most <see cref="Room"/>.</param>
    /// <param name="error">0; or why nothing was received.</param>
    /// <returns>How many entries were filled.</returns>
    public int Receive(int descriptor, int most, out int error)
    {
        int received;
        do
        {
            received = Libc.recvmmsg(descriptor, _headers + Count, (uint)most, MSG_DONTWAIT, null);
            error = received < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
        while (error == EINTR);

        if (received < 0)
        {
            return 0;
        }

        Narrow(received);
        Count += received;
        return received;
    }

    /// <summary>The number of bytes in one entry.</summary>
    public int LengthOf(int entry) => (int)_headers[entry].msg_len;

    /// <summary>Where they are, until <see cref="Clear"/>.</summary>
    public nint AddressOf(int entry) => (nint)_vectors[entry].iov_base;

    /// <summary>The bytes, until <see cref="Clear"/>.</summary>
    public ReadOnlySpan<byte> BytesOf(int entry) => new(_vectors[entry].iov_base, LengthOf(entry));

    /// <summary>The control messages beside them.</summary>
    public Received ControlOf(int entry) =>
        Received.From((nint)_headers[entry].msg_hdr.msg_control, (int)_headers[entry].msg_hdr.msg_controllen);

    /// <summary>Whether bytes, or boundaries between datagrams, were lost for lack of room.</summary>
    public bool IsTruncated(int entry) => (_headers[entry].msg_hdr.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;

    /// <summary>The sender's address, as the kernel wrote it; not on a connected socket.</summary>
    public nint NameOf(int entry) => (nint)_headers[entry].msg_hdr.msg_name;

    /// <summary>Empties the entries, and sets the fields of their headers again that the kernel reads or writes.</summary>
    public void Clear()
    {
        for (int i = 0; i < Count; i++)
        {
            Reset(i);
        }

        Count = 0;
    }

    /// <summary>Frees the buffers.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            NativeMemory.AlignedFree(_headers);
            NativeMemory.AlignedFree(_vectors);
            NativeMemory.AlignedFree(_names);
            NativeMemory.AlignedFree(_controls);
            NativeMemory.AlignedFree(_payloads);
        }
    }

    // Sixty-four single datagrams or a few long runs: either way as many bytes as the next cache level keeps until they are
    // sent. The average moves slowly, so that one odd run changes little.
    private void Narrow(int received)
    {
        if (received == 0)
        {
            return;
        }

        long bytes = 0;
        for (int entry = Count; entry < Count + received; entry++)
        {
            bytes += LengthOf(entry);
        }

        _average += ((bytes / received) - _average) / 4;
        Width = (int)Math.Clamp(Window / Math.Max(1, _average), LeastWidth, _capacity);
    }

    private void Reset(int entry)
    {
        ref msghdr header = ref _headers[entry].msg_hdr;
        header.msg_namelen = NameSize;
        header.msg_controllen = ControlSize;
        header.msg_flags = 0;
    }
}
