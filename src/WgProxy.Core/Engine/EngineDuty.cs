namespace WgProxy.Core.Engine;

/// <summary>What an engine must do about a change of a mapping. It is the same for every engine.</summary>
internal enum EngineDuty : byte
{
    /// <summary>Only inform the observer.</summary>
    None,

    /// <summary>Close the slot's socket, rest its port, and release the slot.</summary>
    Close,

    /// <summary>Connect the slot's socket to <see cref="Relay.ServerOf"/>.</summary>
    Redirect,

    /// <summary>Check whether this host's path to the server has changed.</summary>
    LookAtPath,

    /// <summary>Answer the client through a listening socket from now on, and no longer through the stranger sockets.</summary>
    AnswerAsProven,
}

/// <summary>Reads the duty from a change.</summary>
internal static class EngineDuties
{
    /// <summary>The engine's duty.</summary>
    public static EngineDuty Duty(this in RelayEvent change) => change.Kind switch
    {
        _ when change.EndsMapping => EngineDuty.Close,
        RelayEventKind.Redirected => EngineDuty.Redirect,
        RelayEventKind.Unanswered => EngineDuty.LookAtPath,
        RelayEventKind.Established or RelayEventKind.Confirmed => EngineDuty.AnswerAsProven,
        RelayEventKind.Restored or RelayEventKind.Revived when change.Proof >= Proof.Established => EngineDuty.AnswerAsProven,
        _ => EngineDuty.None,
    };
}
