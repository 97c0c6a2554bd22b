namespace WgProxy.Serving;

/// <summary>What reading the configuration file again has changed.</summary>
/// <param name="Added">Names of servers that are new.</param>
/// <param name="Removed">Names of servers that are no more.</param>
/// <param name="Changed">Names of servers that have another endpoint, name, limit or peer.</param>
internal sealed record ServerChanges(IReadOnlyList<string> Added, IReadOnlyList<string> Removed, IReadOnlyList<string> Changed)
{
    private const int Shown = 20;

    /// <summary>One sentence. A server with another key was removed, and is added.</summary>
    public override string ToString()
    {
        string[] parts = [.. new[] { Part("added", Added), Part("removed", Removed), Part("changed", Changed) }.OfType<string>()];
        return parts.Length == 0 ? "no server differs" : string.Join("; ", parts);
    }

    private static string? Part(string what, IReadOnlyList<string> names) => names.Count == 0
        ? null
        : $"{what} {string.Join(", ", names.Take(Shown))}" + (names.Count > Shown ? $" and {names.Count - Shown} more" : string.Empty);
}
