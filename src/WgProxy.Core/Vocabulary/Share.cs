namespace WgProxy.Core.Vocabulary;

/// <summary>The kind of share to which an unproven mapping is charged. Each kind has a share of its own. An attacker who forges addresses
/// of a prefix therefore takes nothing from clients there that show a cookie, or an index that the server issued.</summary>
internal enum Share : byte
{
    /// <summary>The mapping is proven, or lingers, and is not charged.</summary>
    None,

    /// <summary>The client has not shown a cookie.</summary>
    Unverified,

    /// <summary>The client has shown a cookie, so it can be reached at its address.</summary>
    Verified,

    /// <summary>The mapping claims a tunnel. It is charged to the tunnel's site, because the claiming address may be forged.</summary>
    Claimed,
}
