using System.Runtime.InteropServices;
using WgProxy.Linux.Native;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Net;

/// <summary>
/// Sends one message by each of many sockets in one system call (io_uring). No send waits: what a socket does not take
/// at once is an error, as with sendmmsg. So all sends are done when the call returns. 64 such sends cost a third of 64
/// calls (bench/results/2026-11-25-sends.md). Used by one thread.
/// </summary>
internal sealed unsafe class SendRing : IDisposable
{
    /// <summary>The error of a send that was not attempted.</summary>
    public const int Unsent = -1;

    private readonly int _descriptor;
    private readonly Mapped _submissions;
    private readonly Mapped _entries;
    private readonly Mapped _completions;
    private readonly io_uring_params _layout;
    private readonly int[] _messages;
    private readonly int[] _errors;
    private uint _tail;

    private SendRing(int descriptor, in io_uring_params layout, in Mapped submissions, in Mapped entries, in Mapped completions)
    {
        _descriptor = descriptor;
        _layout = layout;
        _submissions = submissions;
        _entries = entries;
        _completions = completions;
        _messages = new int[layout.sq_entries];
        _errors = new int[layout.sq_entries];
        uint* array = (uint*)(_submissions.Address + layout.sq_off.array);
        for (uint i = 0; i < layout.sq_entries; i++)
        {
            array[i] = i;
        }
    }

    /// <summary>Sends that were added.</summary>
    public int Count { get; private set; }

    /// <summary>A ring for this number of sends, a power of two; null if the system has no io_uring or forbids it.</summary>
    public static SendRing? Open(int capacity)
    {
        io_uring_params layout = default;
        int descriptor = (int)Libc.io_uring_setup(SYS_io_uring_setup, (uint)capacity, &layout);
        if (descriptor < 0)
        {
            return null;
        }

        Mapped submissions = new(descriptor, IORING_OFF_SQ_RING, layout.sq_off.array + (layout.sq_entries * sizeof(uint)));
        Mapped entries = new(descriptor, IORING_OFF_SQES, layout.sq_entries * (uint)sizeof(io_uring_sqe));
        Mapped completions = new(descriptor, IORING_OFF_CQ_RING, layout.cq_off.cqes + (layout.cq_entries * (uint)sizeof(io_uring_cqe)));
        if (submissions.IsRefused || entries.IsRefused || completions.IsRefused)
        {
            submissions.Free();
            entries.Free();
            completions.Free();
            _ = Libc.close(descriptor);
            return null;
        }

        return new SendRing(descriptor, layout, submissions, entries, completions);
    }

    /// <summary>Adds a send. The message must stay until <see cref="TrySubmit"/>.</summary>
    /// <param name="message">A number to know it by.</param>
    /// <param name="descriptor">The socket.</param>
    /// <param name="header">The message.</param>
    public void Add(int message, int descriptor, msghdr* header)
    {
        io_uring_sqe* entry = (io_uring_sqe*)_entries.Address + ((_tail + (uint)Count) & (_layout.sq_entries - 1));
        *entry = default;
        entry->opcode = IORING_OP_SENDMSG;
        entry->fd = descriptor;
        entry->addr = (ulong)header;
        entry->len = 1;
        entry->msg_flags = MSG_DONTWAIT;
        entry->user_data = (ulong)Count;
        _messages[Count] = message;
        _errors[Count++] = Unsent;
    }

    /// <summary>The number of the message that was added at this position.</summary>
    public int MessageOf(int send) => _messages[send];

    /// <summary>The error of its send; 0 if it was sent, <see cref="Unsent"/> if the ring failed before.</summary>
    public int ErrorOf(int send) => _errors[send];

    /// <summary>Sends all messages. False if the ring has failed and must not be used again. A message with an error was not
    /// sent.</summary>
    public bool TrySubmit()
    {
        _tail += (uint)Count;
        Volatile.Write(ref *(uint*)(_submissions.Address + _layout.sq_off.tail), _tail);
        int submitted = 0;
        int done = 0;
        while (done < Count)
        {
            nint taken = Libc.io_uring_enter(
                SYS_io_uring_enter, _descriptor, (uint)(Count - submitted), (uint)(Count - done), IORING_ENTER_GETEVENTS, null, 0);
            int error = taken < 0 ? Marshal.GetLastPInvokeError() : 0;
            int reaped = Reap();
            submitted += (int)Math.Max(taken, 0);
            done += reaped;
            if (error is not (0 or EINTR) || (taken == 0 && reaped == 0))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Removes all messages.</summary>
    public void Clear() => Count = 0;

    /// <inheritdoc/>
    public void Dispose()
    {
        _submissions.Free();
        _entries.Free();
        _completions.Free();
        _ = Libc.close(_descriptor);
    }

    private int Reap()
    {
        uint* head = (uint*)(_completions.Address + _layout.cq_off.head);
        uint end = Volatile.Read(ref *(uint*)(_completions.Address + _layout.cq_off.tail));
        io_uring_cqe* completions = (io_uring_cqe*)(_completions.Address + _layout.cq_off.cqes);
        uint from = *head;
        for (uint at = from; at != end; at++)
        {
            io_uring_cqe completion = completions[at & (_layout.cq_entries - 1)];
            _errors[(int)completion.user_data] = completion.res < 0 ? -completion.res : 0;
        }

        Volatile.Write(ref *head, end);
        return (int)(end - from);
    }

    private readonly struct Mapped
    {
        private readonly nuint _length;

        public Mapped(int descriptor, int offset, uint length)
        {
            _length = length;
            Address = (byte*)Libc.mmap(null, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, descriptor, offset);
        }

        public byte* Address { get; }

        public bool IsRefused => (nint)Address == -1;

        public void Free() => _ = IsRefused ? 0 : Libc.munmap(Address, _length);
    }
}
