using System.Net;

namespace WgProxy.Core.Vocabulary;

/// <summary>What there is to say of one mapping: pure data, as of the turn in which it was read.</summary>
/// <param name="Slot">Its slot, numbered over the whole engine.</param>
/// <param name="Source">The client, and the local address it sends to.</param>
/// <param name="Route">The route.</param>
/// <param name="Proof">How far it has come.</param>
/// <param name="Port">The local port that the server knows it by.</param>
/// <param name="Server">Where its socket leads.</param>
/// <param name="Tunnel">The number of its tunnel, within its worker: mappings of one tunnel are one client that has moved.</param>
/// <param name="LastValid">When a valid packet last passed, either way; zero if none has.</param>
/// <param name="Expires">When it ends if nothing valid passes until then.</param>
/// <param name="UplinkBytes">Bytes forwarded to the server.</param>
/// <param name="DownlinkBytes">Bytes forwarded to the client.</param>
/// <param name="HasShownCookie">Whether the client has shown that it receives at its address.</param>
/// <param name="IsUnanswered">Whether what the client sends goes unanswered.</param>
public readonly record struct MappingStatus(
    int Slot,
    Source Source,
    RouteId Route,
    Proof Proof,
    ushort Port,
    IPEndPoint Server,
    int Tunnel,
    Tick LastValid,
    Tick Expires,
    long UplinkBytes,
    long DownlinkBytes,
    bool HasShownCookie,
    bool IsUnanswered)
{
    /// <summary>Whose tunnel it belongs to; the default if that is unknown, or no listed peer.</summary>
    public PeerId Peer { get; init; }

    /// <summary>When it began to ask the server: of a proven mapping, the first initiation that is unanswered, or was last.</summary>
    public Tick AskedSince { get; init; }

    /// <summary>Whether a datagram of more than <see cref="Limits.LargeDatagram"/> bytes has passed to the server.</summary>
    public bool HasSentLarge { get; init; }

    /// <summary>Whether a datagram of more than <see cref="Limits.LargeDatagram"/> bytes has passed to the client.</summary>
    public bool HasReceivedLarge { get; init; }
}
