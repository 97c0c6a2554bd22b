namespace WgProxy.Core.Tests.Model;

// The rules of peers.
internal sealed partial record ReferenceRules
{
    /// <summary>Whether mappings end whose client is no longer listed, where only peers have tunnels.</summary>
    public bool UnlistedEnd { get; init; } = true;

    /// <summary>Whether a route may be served at some of the relay's addresses only.</summary>
    public bool RoutesHaveAddresses { get; init; } = true;

    /// <summary>Whether mappings end where their route is served no longer.</summary>
    public bool WhoIsNotServedEnds { get; init; } = true;

    /// <summary>Whether the server's own initiations are refused too where only peers have tunnels, if they are made for none.</summary>
    public bool ServersQuestionsAreForPeers { get; init; } = true;

    /// <summary>Whether an answer names a tunnel though it is to no open question.</summary>
    public bool UnaskedAnswersName { get; init; }

    /// <summary>Whether an answer names the tunnel of the mapping to whose port it came, and not of another mapping of its source.</summary>
    public bool NamesAreTheMappings { get; init; } = true;

    /// <summary>Whether a tunnel that is a peer's becomes another's only when a client uses what the server made.</summary>
    public bool NamesWaitForUse { get; init; } = true;

    /// <summary>Whether a restarted relay remembers whose tunnels there are.</summary>
    public bool RestartKeepsPeers { get; init; } = true;
}
