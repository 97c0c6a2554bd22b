namespace WgProxy.Status;

/// <summary>How one of a pair of relays stands.</summary>
/// <param name="Relay">The other relay; null if this is not one of a pair.</param>
/// <param name="Serves">Whether this one serves; otherwise it stands by.</param>
/// <param name="Addresses">The addresses that they share.</param>
/// <param name="Mappings">While it stands by: mappings that it can take over.</param>
/// <param name="Ports">While it stands by: their upstream ports that are bound already.</param>
/// <param name="Refused">Records of the other relay that found no room.</param>
/// <param name="Known">When it began to serve: mappings that it knew of the other relay.</param>
/// <param name="Restored">Of these, mappings that went on.</param>
/// <param name="TookSeconds">How long that took; null if it does not serve.</param>
internal sealed record PairReport(
    string? Relay, bool Serves, IReadOnlyList<string> Addresses, int Mappings, int Ports, long Refused, int Known, int Restored, double? TookSeconds)
{
    /// <summary>Not one of a pair.</summary>
    public static PairReport None { get; } = new(null, Serves: false, [], 0, 0, 0, 0, 0, null);
}

/// <summary>What is to be taken over.</summary>
/// <param name="Relay">From which relay; null for the one that this stands by for.</param>
internal sealed record TakeoverRequest(string? Relay = null);

/// <summary>What came of the order to take over.</summary>
/// <param name="Relay">The other relay; null if this is not one of a pair.</param>
/// <param name="Serves">Whether this one serves now.</param>
/// <param name="Refusal">Why it does not; null if it does.</param>
/// <param name="Known">Mappings that it knew of the other relay.</param>
/// <param name="Restored">Of these, mappings that go on.</param>
/// <param name="TookSeconds">How long that took; null if it does not serve.</param>
internal sealed record TakeoverReport(string? Relay, bool Serves, string? Refusal, int Known = 0, int Restored = 0, double? TookSeconds = null);
