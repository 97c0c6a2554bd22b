using System.Buffers;

namespace WgProxy.Hosting;

/// <summary>The bytes of an answer, in blocks that are lent. It is written at once, while the engine's numbers hold still, and sent afterwards as slowly
/// as its reader likes.</summary>
/// <param name="blocks">Who lends them.</param>
internal sealed class AnswerBytes(ByteBlocks blocks) : IBufferWriter<byte>, IDisposable
{
    private readonly List<ReadOnlyMemory<byte>> _parts = [];
    private readonly List<byte[]> _lent = [];
    private byte[] _current = [];
    private int _used;
    private int _before;

    /// <summary>Without bytes, in the blocks of the program.</summary>
    public AnswerBytes()
        : this(ByteBlocks.Shared)
    {
    }

    /// <summary>How many bytes have been written.</summary>
    public int Length => _before + _used;

    /// <summary>Its parts, one after the other, until <see cref="Dispose"/>. Nothing is written after they have been asked for.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Parts
    {
        get
        {
            EndPart();
            return _parts;
        }
    }

    /// <inheritdoc/>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(_current.Length - _used), nameof(count));
        _used += count;
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _current.AsMemory(_used);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _current.AsSpan(_used);
    }

    /// <summary>Gives the blocks back.</summary>
    public void Dispose()
    {
        foreach (byte[] block in _lent)
        {
            blocks.TakeBack(block);
        }

        _lent.Clear();
        _parts.Clear();
        (_current, _used, _before) = ([], 0, 0);
    }

    private void MakeRoom(int bytes)
    {
        if (_current.Length - _used >= Math.Max(1, bytes))
        {
            return;
        }

        EndPart();
        _current = bytes > ByteBlocks.Length ? new byte[bytes] : blocks.Lend();
        _lent.Add(_current);
    }

    private void EndPart()
    {
        if (_used > 0)
        {
            _parts.Add(_current.AsMemory(0, _used));
            (_before, _current, _used) = (_before + _used, [], 0);
        }
    }
}
