namespace WgProxy.Core.Engine;

/// <summary>An index that a relay does not know.</summary>
/// <param name="Index">The index. Some server may have issued it.</param>
/// <param name="Owner">Which owner of a relay seeks it: the answer is for that one, to which the client's next packet comes too.</param>
internal readonly record struct SoughtIndex(uint Index, int Owner);

/// <summary>Where an engine seeks tunnels of other relays.</summary>
internal sealed record DirectorySettings
{
    /// <summary>Given each index that is sought: a copy into a bounded queue, as a rule. False if there is no room for it; then it is sought again when its next packet comes.
    /// What is found comes back by <see cref="IEngine.Tell"/>; of an index without a tunnel, nothing does. Called on the threads that own relays, by several of them at once; must
    /// neither block nor throw.</summary>
    public required Func<SoughtIndex, bool> Seek { get; init; }
}
