using System.Diagnostics.CodeAnalysis;

namespace WgProxy.Core.Protocol;

/// <summary>Skeleton.</summary>
public sealed class PublicKey
{
    /// <summary>x</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out PublicKey? key, [NotNullWhen(false)] out string? error) => throw new NotSupportedException(text);
}
