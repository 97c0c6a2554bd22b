namespace WgProxy.Configuration;

/// <summary>What the program is asked to do.</summary>
internal enum Verb
{
    /// <summary>To relay.</summary>
    Relay,

    /// <summary>To check the settings.</summary>
    Check,

    /// <summary>To make a configuration file.</summary>
    Import,

    /// <summary>To examine the host.</summary>
    Doctor,

    /// <summary>To show what a running relay says.</summary>
    Show,

    /// <summary>To show it anew each second.</summary>
    Top,

    /// <summary>To tell why clients have no tunnel.</summary>
    Why,

    /// <summary>To tell whether a running relay is well.</summary>
    Health,

    /// <summary>To have a running relay read its file again.</summary>
    Reload,

    /// <summary>To have it end a client's mappings.</summary>
    Drop,

    /// <summary>To have it change a setting.</summary>
    Set,

    /// <summary>To have it take over from the other relay of a pair.</summary>
    Takeover,
}
