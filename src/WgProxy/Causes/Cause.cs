namespace WgProxy.Causes;

/// <summary>Why a client has no tunnel, or one that does not carry what it should. In the order in which causes are told.</summary>
internal enum CauseKind
{
    /// <summary>The server answers no client.</summary>
    ServerSilent,

    /// <summary>The server's name has no address.</summary>
    ServerUnresolved,

    /// <summary>The client has another public key for the server than the relay.</summary>
    WrongServerKey,

    /// <summary>The server answers others, and not this client.</summary>
    SilentForClient,

    /// <summary>The server does not answer this client, and no other client shows whether it answers at all.</summary>
    SilentForOnlyClient,

    /// <summary>The server answers, and the client makes nothing of it.</summary>
    AnswerUnused,

    /// <summary>The relay refuses the client.</summary>
    Refused,

    /// <summary>The tunnel carries small data only.</summary>
    OnlySmallData,

    /// <summary>Nothing of that client has reached the relay.</summary>
    NothingHeard,

    /// <summary>The client has a tunnel, and it is answered.</summary>
    HasTunnel,

    /// <summary>No client lacks anything.</summary>
    None,
}

/// <summary>A cause, in words.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Client">The client; null if it concerns no single one.</param>
/// <param name="Server">The server's name; null if it concerns none.</param>
/// <param name="Text">One line: what is seen, and what it means.</param>
internal sealed record Cause(CauseKind Kind, Source? Client, string? Server, string Text)
{
    /// <summary>Whether it rests on what anyone could have sent under the client's address.</summary>
    public bool IsUnauthenticated => Kind is CauseKind.WrongServerKey or CauseKind.Refused;
}
