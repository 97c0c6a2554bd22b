namespace WgProxy.Logging;

/// <summary>How much the program logs. Each level adds to the one before. The numbers are those of 0.3.0.</summary>
internal enum LogLevel : byte
{
    /// <summary>What ends the program or keeps it from starting.</summary>
    Error = 0,

    /// <summary>What the operator should look at.</summary>
    Warning = 1,

    /// <summary>Start, stop, server addresses, and clients that the server accepted.</summary>
    Info = 2,

    /// <summary>Also what unproven clients do. Anyone who knows the public key controls its volume.</summary>
    Debug = 3,
}
