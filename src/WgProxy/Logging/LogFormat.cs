namespace WgProxy.Logging;

/// <summary>What lines of the log look like, and where they go.</summary>
internal enum LogFormat
{
    /// <summary>Messages with fields to the journal where standard error is the journal; else text.</summary>
    Auto,

    /// <summary>Text for a person, on standard error.</summary>
    Text,

    /// <summary>An object of JSON for each line, on standard error.</summary>
    Json,

    /// <summary>Messages with fields to the journal's own socket.</summary>
    Journald,
}

/// <summary>How much of an address the log tells.</summary>
internal enum LogAddresses
{
    /// <summary>All of it.</summary>
    Full,

    /// <summary>The network: 24 bits of an IPv4 address, 48 of an IPv6 one.</summary>
    Prefix,

    /// <summary>Nothing.</summary>
    None,
}
