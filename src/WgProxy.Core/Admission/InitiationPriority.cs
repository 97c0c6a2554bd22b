namespace WgProxy.Core.Admission;

/// <summary>Who sent an initiation, as far as the relay knows. At a loaded server, later values have more tokens reserved for them.
/// </summary>
internal enum InitiationPriority : byte
{
    /// <summary>An unknown source, whose address may be forged.</summary>
    Newcomer,

    /// <summary>A source that has shown a cookie of the relay's, so its address is its own.</summary>
    Verified,

    /// <summary>A source that the server accepted within the last ten minutes, or that had a tunnel until then.</summary>
    Known,

    /// <summary>A source with a mapping that the server accepted.</summary>
    Live,
}
