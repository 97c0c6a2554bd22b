namespace WgProxy.Status;

/// <summary>What each verdict means, in the words of docs/verdicts.md. A test compares them.</summary>
internal static class VerdictMeanings
{
    /// <summary>Every verdict, in its order.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [nameof(Verdict.Forward)] = "Forwarded: the engine sends the bytes unchanged through the mapping's other side.",
        [nameof(Verdict.Open)] = "Forwarded: the engine opens an upstream socket for the slot and sends the bytes through it.",
        [nameof(Verdict.Reply)] = "Not forwarded: the relay answers with a cookie reply, and the sender must show the cookie first.",
        [nameof(Verdict.NoPort)] = "Dropped: sent from UDP port 0, to which nothing can be sent back.",
        [nameof(Verdict.NotWireGuard)] = "Dropped: not one of the four WireGuard types, or with reserved bytes that are not zero.",
        [nameof(Verdict.BadLength)] = "Dropped: a WireGuard type with a length that this type never has.",
        [nameof(Verdict.BadMac1)] = "Dropped: mac1 does not match the public key of any route.",
        [nameof(Verdict.NotServedHere)] = "Dropped: for a server whose clients may not come by the address and port at which it arrived.",
        [nameof(Verdict.NoMapping)] = "Dropped: neither an initiation nor from a source that has a mapping.",
        [nameof(Verdict.NotProven)] = "Dropped: data from a source whose initiation the server has not answered yet.",
        [nameof(Verdict.UnknownIndex)] = "Dropped: a response or cookie reply whose receiver index the other end never issued on this tunnel.",
        [nameof(Verdict.Unsolicited)] = "Dropped: a server message that nothing on this mapping asked for.",
        [nameof(Verdict.NotAPeer)] = "Dropped: a handshake of the server with a client that is none of the route's peers, where only those have tunnels, or with a peer that the operator has denied.",
        [nameof(Verdict.RateLimited)] = "Dropped: more initiations than a mapping's bucket holds.",
        [nameof(Verdict.OverBudget)] = "Dropped: more data with an unknown index than the mapping's proof allows, or a handshake whose peer could only be found by more comparisons of keys than the relay makes in a second.",
        [nameof(Verdict.OverRate)] = "Dropped: more data than the rate of its tunnel or its server lets pass.",
        [nameof(Verdict.Replayed)] = "Dropped: an initiation that was already forwarded within two minutes.",
        [nameof(Verdict.Denied)] = "Dropped: the client's address is not on the allow list, or is on the deny list.",
        [nameof(Verdict.OverShare)] = "Dropped: the sender's address prefix holds its share of unproven mappings.",
        [nameof(Verdict.ServerLoaded)] = "Dropped: the server is under load, and its tokens are used up or reserved for others.",
        [nameof(Verdict.TableFull)] = "Dropped: the table is full of mappings that a newcomer may not displace.",
        [nameof(Verdict.ClaimRefused)] = "Dropped: a live index from a new source, but the tunnel or the relay has no room for another claim.",
        [nameof(Verdict.NoServer)] = "Dropped: the server's name has not been resolved yet.",
        [nameof(Verdict.Closed)] = "Dropped: it arrived on a slot whose mapping has ended.",
        [nameof(Verdict.Truncated)] = "Dropped: the kernel handed over only the beginning of the datagram.",
        [nameof(Verdict.NotUnicast)] = "Dropped: sent to a multicast group or by broadcast; counted for each copy that the kernel makes.",
    };
}
