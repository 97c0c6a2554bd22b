using System.Runtime.CompilerServices;

namespace WgProxy.Core.Protocol;

/// <summary>
/// A key of BLAKE2s, already compressed: what the hash has become after the block of the key. It saves one compression
/// per message, of three for an initiation. The default value is no key.
/// </summary>
internal readonly struct Blake2sKey
{
    private readonly State _state;
    private readonly int _macLength;

    /// <summary>Compresses a key.</summary>
    /// <param name="key">1 to 32 bytes.</param>
    /// <param name="macLength">The length of the codes it will make, 1 to 32: it is part of what is hashed.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length of the key or of the codes.</exception>
    public Blake2sKey(ReadOnlySpan<byte> key, int macLength)
    {
        ArgumentOutOfRangeException.ThrowIfZero(key.Length, nameof(key));
        Blake2s.Begin(_state, key.Length, macLength);
        Span<byte> block = stackalloc byte[Blake2s.BlockSize];
        block.Clear();
        key.CopyTo(block);
        Blake2s.Compress(_state, block, Blake2s.BlockSize, last: false, Blake2s.Vectorised);
        _macLength = macLength;
    }

    /// <summary>Hashes data with this key, as <see cref="Blake2s"/> does with a plain one.</summary>
    /// <param name="data">At least one byte: of nothing, the block of the key would be the last.</param>
    /// <param name="mac">Receives the code; exactly as long as the key was made for.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of the two lengths.</exception>
    public void Mac(ReadOnlySpan<byte> data, Span<byte> mac) => Mac(data, mac, Blake2s.Vectorised);

    internal void Mac(ReadOnlySpan<byte> data, Span<byte> mac, bool vectorised)
    {
        ArgumentOutOfRangeException.ThrowIfZero(data.Length, nameof(data));
        ArgumentOutOfRangeException.ThrowIfZero(mac.Length, nameof(mac));
        ArgumentOutOfRangeException.ThrowIfNotEqual(mac.Length, _macLength, nameof(mac));
        State state = _state;
        Blake2s.Finish(state, Blake2s.BlockSize, data, mac, vectorised);
    }

    /// <summary>What the hash has become after the block of the key: eight words.</summary>
    internal void CopyStateTo(Span<uint> words)
    {
        State state = _state;
        ((ReadOnlySpan<uint>)state).CopyTo(words);
    }

    [InlineArray(Blake2s.StateWords)]
    private struct State
    {
        private uint _word;
    }
}
