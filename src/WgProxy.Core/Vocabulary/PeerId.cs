namespace WgProxy.Core.Vocabulary;

/// <summary>
/// Names one of a route's peers for as long as the program runs. Numbers are not used again: the id of a removed peer never finds a later
/// one. The default value names no peer.
/// </summary>
/// <param name="Value">How many peers, this one included, the route has had: from 1.</param>
public readonly record struct PeerId(uint Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value == 0 ? "-" : $"{Value}";
}
