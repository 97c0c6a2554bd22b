namespace WgProxy.Core.Protocol;

/// <summary>Skeleton.</summary>
public sealed class Mac1
{
    /// <summary>x</summary>
    public Mac1(PublicKey key) => _ = key;

    /// <summary>x</summary>
    public bool Verify(ReadOnlySpan<byte> message) => throw new NotSupportedException();
}
