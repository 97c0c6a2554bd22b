using System.Net;

namespace WgProxy.Configuration;

/// <summary>The source addresses of upstream sockets. Two lists are equal if they have the same prefixes in the same order.</summary>
/// <param name="Prefixes">The prefixes; none if the system is to choose.</param>
internal sealed record SourcePrefixes(IReadOnlyList<IPNetwork> Prefixes)
{
    /// <inheritdoc/>
    public bool Equals(SourcePrefixes? other) => other is not null && Prefixes.SequenceEqual(other.Prefixes);

    /// <inheritdoc/>
    public override int GetHashCode() => Prefixes.Count == 0 ? 0 : Prefixes[0].GetHashCode();
}
