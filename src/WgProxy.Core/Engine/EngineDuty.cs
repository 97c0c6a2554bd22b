namespace WgProxy.Core.Engine;

/// <summary>What an engine has to do about a change of a mapping. Every engine reads it from here.</summary>
public enum EngineDuty : byte
{
    /// <summary>Nothing but to tell its observer.</summary>
    None,

    /// <summary>Close the slot's socket, rest its port, and release the slot.</summary>
    Close,

    /// <summary>Connect the slot's socket to <see cref="Relay.ServerOf"/>.</summary>
    Redirect,

    /// <summary>Look whether this host has another path to the server now.</summary>
    LookAtPath,

    /// <summary>Answer the client by a listening socket from now on, and not by those for strangers.</summary>
    AnswerAsProven,
}

/// <summary>Reads the duty from a change.</summary>
public static class EngineDuties
{
    /// <summary>The engine's duty.</summary>
    public static EngineDuty Duty(this in RelayEvent change) => change.Kind switch
    {
        RelayEventKind.Expired or RelayEventKind.Evicted => EngineDuty.Close,
        RelayEventKind.Redirected => EngineDuty.Redirect,
        RelayEventKind.Unanswered => EngineDuty.LookAtPath,
        RelayEventKind.Established or RelayEventKind.Confirmed => EngineDuty.AnswerAsProven,
        _ => EngineDuty.None,
    };
}
