using System.Runtime.InteropServices;
using WgProxy.Core.Engine.Batching;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Net;

/// <summary>Cookie replies, each for one of a few sockets. They are copied, because the relay makes each in the same buffer, and
/// sent together, socket by socket. Their destinations are read from the receive batch, which must not be cleared before they are
/// sent.</summary>
internal sealed unsafe class ReplyBatch : IDisposable
{
    private const int Length = 64;
    private const int MostLocal = 16;

    private readonly SendBatch _batch = new();
    private readonly byte* _replies = (byte*)NativeMemory.AllocZeroed(SendBatch.Capacity, Length);
    private readonly byte* _locals = (byte*)NativeMemory.AllocZeroed(SendBatch.Capacity, MostLocal);
    private readonly Row[] _rows = new Row[SendBatch.Capacity];
    private int _count;
    private bool _disposed;

    /// <summary>Whether another reply fits.</summary>
    public bool HasRoom => _count < SendBatch.Capacity;

    /// <summary>Adds a reply.</summary>
    /// <param name="reply">64 bytes.</param>
    /// <param name="name">The sender's address as the kernel wrote it.</param>
    /// <param name="isIPv4">The socket's IP version.</param>
    /// <param name="local">The address that the sender used.</param>
    /// <param name="socket">The number of the socket that it leaves by.</param>
    public void Add(ReadOnlySpan<byte> reply, nint name, bool isIPv4, ReadOnlySpan<byte> local, int socket)
    {
        reply.CopyTo(new Span<byte>(_replies + (_count * Length), Length));
        local.CopyTo(new Span<byte>(_locals + (_count * MostLocal), MostLocal));
        _rows[_count++] = new Row { Name = name, Socket = socket, LocalLength = local.Length, IsIPv4 = isIPv4 };
    }

    /// <summary>Sends all replies and empties the batch. A reply that the kernel does not take is lost, as on a full link, and the
    /// client asks again.</summary>
    /// <param name="descriptors">The sockets, by number.</param>
    /// <param name="last">The socket with the next number.</param>
    /// <returns>How many were lost.</returns>
    public int Flush(ReadOnlySpan<int> descriptors, int last)
    {
        int lost = 0;
        int left = _count;
        for (int socket = 0; left > 0; socket++)
        {
            for (int row = 0; row < _count; row++)
            {
                if (_rows[row].Socket == socket)
                {
                    Load(row);
                }
            }

            left -= _batch.Count;
            lost += Send(socket < descriptors.Length ? descriptors[socket] : last);
        }

        _count = 0;
        return lost;
    }

    /// <summary>Frees the buffers.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _batch.Dispose();
            NativeMemory.Free(_replies);
            NativeMemory.Free(_locals);
        }
    }

    private void Load(int row)
    {
        ref readonly Row reply = ref _rows[row];
        _batch.Begin(reply.Name);
        _batch.Append((nint)(_replies + (row * Length)), Length);
        ReadOnlySpan<byte> local = new(_locals + (row * MostLocal), reply.LocalLength);
        _batch.Seal(new Train(0, Length, Length, 1, 0), reply.IsIPv4, local);
    }

    // A buffer that is full now is still full a moment later, so one call is enough.
    private int Send(int descriptor)
    {
        int lost = 0;
        int error = 0;
        for (int at = 0; at < _batch.Count && error != EAGAIN;)
        {
            int sent = _batch.Send(descriptor, at, _batch.Count, out error);
            lost += sent > 0 ? 0 : error == EAGAIN ? _batch.Count - at : 1;
            at += Math.Max(sent, 1);
        }

        _batch.Clear();
        return lost;
    }

    private struct Row
    {
        public nint Name;
        public int Socket;
        public int LocalLength;
        public bool IsIPv4;
    }
}
