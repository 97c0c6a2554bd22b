namespace WgProxy.Core.Protocol;

/// <summary>What hashing several messages side by side needs of vectors, one lane for each message.</summary>
/// <typeparam name="TVector">The vector, of 32-bit words.</typeparam>
internal interface ILanes<TVector>
{
    static abstract string Name { get; }

    /// <summary>Words in a vector.</summary>
    static abstract int Count { get; }

    static abstract TVector Load(ReadOnlySpan<uint> words);

    static abstract TVector Broadcast(uint word);

    static abstract TVector Add(TVector left, TVector right);

    static abstract TVector Xor(TVector left, TVector right);

    static abstract TVector Or(TVector left, TVector right);

    static abstract TVector RotateRight16(TVector words);

    static abstract TVector RotateRight12(TVector words);

    static abstract TVector RotateRight8(TVector words);

    static abstract TVector RotateRight7(TVector words);

    /// <summary>A bit for each lane that is zero; the first lane has the lowest.</summary>
    static abstract uint Zeros(TVector words);
}
