using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Firewall;

/// <summary>A chain of nf_tables, with its rules.</summary>
/// <param name="family">The family of its table (NFPROTO).</param>
/// <param name="table">The name of its table.</param>
/// <param name="name">Its own name.</param>
internal sealed class FirewallChain(int family, string table, string name)
{
    /// <summary>The family of its table.</summary>
    public int Family => family;

    /// <summary>The name of its table.</summary>
    public string Table => table;

    /// <summary>Its name.</summary>
    public string Name => name;

    /// <summary>Where the kernel calls it (NF_INET); null if only other chains do.</summary>
    public int? Hook { get; init; }

    /// <summary>Its place among the chains of a hook: lower ones come first.</summary>
    public int Priority { get; init; }

    /// <summary>Whether it sees only the first packet of a flow, as those of type nat do.</summary>
    public bool IsNat { get; init; }

    /// <summary>Whether packets are dropped that come to its end.</summary>
    public bool DropsByDefault { get; init; }

    /// <summary>Its rules. Each is a list of expressions, and an expression is its attributes.</summary>
    public List<List<byte[]>> Rules { get; } = [];

    /// <summary>The family as nft spells it.</summary>
    public string FamilyName => family switch
    {
        NFPROTO_INET => "inet",
        NFPROTO_IPV4 => "ip",
        NFPROTO_IPV6 => "ip6",
        NFPROTO_NETDEV => "netdev",
        _ => "other",
    };

    /// <summary>From the kernel's message.</summary>
    public static FirewallChain From(int family, NetlinkAttributes chain)
    {
        NetlinkAttributes hook = chain.Within(NFTA_CHAIN_HOOK);
        return new FirewallChain(family, chain.Text(NFTA_CHAIN_TABLE), chain.Text(NFTA_CHAIN_NAME))
        {
            Hook = chain.Has(NFTA_CHAIN_HOOK) ? hook.Number(NFTA_HOOK_HOOKNUM) : null,
            Priority = hook.Number(NFTA_HOOK_PRIORITY),
            IsNat = chain.Text(NFTA_CHAIN_TYPE) is "nat",
            DropsByDefault = chain.Has(NFTA_CHAIN_POLICY) && chain.Number(NFTA_CHAIN_POLICY) == NF_DROP,
        };
    }
}
