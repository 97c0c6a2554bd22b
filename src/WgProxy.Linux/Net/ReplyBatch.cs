using System.Runtime.InteropServices;
using WgProxy.Core.Batching;

namespace WgProxy.Linux.Net;

/// <summary>Cookie replies to senders that have no slot: copied, because the relay makes each in the same place, and sent
/// together. Where they go to is read from the receive batch, which must not be cleared before they are sent.</summary>
internal sealed unsafe class ReplyBatch : IDisposable
{
    private const int Length = 64;

    private readonly SendBatch _batch = new();
    private readonly byte* _replies = (byte*)NativeMemory.AllocZeroed(SendBatch.Capacity, Length);
    private bool _disposed;

    /// <summary>Whether another reply fits.</summary>
    public bool HasRoom => _batch.HasRoom;

    /// <summary>Adds a reply.</summary>
    /// <param name="reply">64 bytes.</param>
    /// <param name="name">The sender's address as the kernel wrote it.</param>
    /// <param name="isIPv4">The socket's IP version.</param>
    /// <param name="local">The address that the sender used.</param>
    public void Add(ReadOnlySpan<byte> reply, nint name, bool isIPv4, ReadOnlySpan<byte> local)
    {
        byte* copy = _replies + (_batch.Count * Length);
        reply.CopyTo(new Span<byte>(copy, Length));
        _batch.Begin(name);
        _batch.Append((nint)copy, Length);
        _batch.Seal(new Train(0, Length, Length, 1, 0), isIPv4, local);
    }

    /// <summary>Sends what is there and forgets it. A reply that the kernel does not take is lost, as on a full link: who
    /// asked asks again.</summary>
    /// <returns>How many were lost.</returns>
    public int Flush(int descriptor)
    {
        int lost = 0;
        for (int at = 0; at < _batch.Count;)
        {
            int sent = _batch.Send(descriptor, at, _batch.Count, out _);
            lost += sent == 0 ? 1 : 0;
            at += Math.Max(sent, 1);
        }

        _batch.Clear();
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
        }
    }
}
