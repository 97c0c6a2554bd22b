namespace WgProxy.Configuration;

/// <summary>A list of names. Two lists are equal if they have the same names in the same order.</summary>
/// <param name="names">The names.</param>
internal sealed class NameList(IReadOnlyList<string> names) : IEquatable<NameList>
{
    /// <summary>The names.</summary>
    public IReadOnlyList<string> Names { get; } = names;

    /// <inheritdoc/>
    public bool Equals(NameList? other) => other is not null && Names.SequenceEqual(other.Names, StringComparer.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as NameList);

    /// <inheritdoc/>
    public override int GetHashCode() => Names.Count;
}
