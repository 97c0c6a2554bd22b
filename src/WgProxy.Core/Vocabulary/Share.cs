namespace WgProxy.Core.Vocabulary;

/// <summary>What an unproven mapping counts as. Each kind has a share of its own, so that who forges addresses of a prefix
/// takes nothing from those in it who can show a cookie, or an index that the server issued.</summary>
internal enum Share : byte
{
    /// <summary>It is proven, or lingers, and does not count.</summary>
    None,

    /// <summary>Opened by somebody who showed nothing.</summary>
    Unverified,

    /// <summary>Opened by somebody who can be reached where he says he is.</summary>
    Verified,

    /// <summary>It claims a tunnel: charged to who made the tunnel, for a claimant's address may be forged.</summary>
    Claimed,
}
