using WgProxy.Linux.Net;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Firewall;

/// <summary>The rules of nf_tables in this network namespace, as nft and the iptables of today make them. Those of legacy iptables are not
/// among them.</summary>
internal sealed class FirewallRules
{
    // Chains that call each other are at most so deep (NFT_JUMP_STACK_SIZE).
    private const int Deepest = 16;
    // Where the kernel begins to track, among the chains of its hook (NF_IP_PRI_CONNTRACK). Only what comes before can keep it from a packet.
    private const int TrackingPriority = -200;
    // struct nfgenmsg: the family, a version and a number.
    private const int Header = 4;

    private readonly List<FirewallChain> _chains;
    private readonly Dictionary<(int, string, string), FirewallSet?> _sets = [];

    private FirewallRules(List<FirewallChain> chains) => _chains = chains;

    /// <summary>How many rules there are.</summary>
    public int Count => _chains.Sum(chain => chain.Rules.Count);

    /// <summary>The table and chain for which the kernel tracks flows; null if no rule needs that.</summary>
    public (string Family, string Table, string Chain)? Tracking
    {
        get
        {
            FirewallChain? tracking = _chains.Find(chain => chain.Family is NFPROTO_INET or NFPROTO_IPV4 or NFPROTO_IPV6
                && ((chain.IsNat && chain.Hook is not null) || chain.Rules.Exists(rule => rule.Exists(Tracks))));
            return tracking is null ? null : (tracking.FamilyName, tracking.Table, tracking.Name);
        }
    }

    /// <summary>Reads all rules; null if the kernel does not tell them. A kernel without nf_tables has none.</summary>
    /// <param name="error">The error's number.</param>
    public static FirewallRules? Read(out int error)
    {
        List<byte[]>? chains = Ask(NFT_MSG_GETCHAIN, 0, [], out error);
        List<byte[]>? rules = error == 0 ? Ask(NFT_MSG_GETRULE, 0, [], out error) : null;
        return chains is null || rules is null ? null : new FirewallRules(Build(chains, rules));
    }

    /// <summary>Whether the error means that only an administrator may read them.</summary>
    public static bool IsForbidden(int error) => error is EPERM or EACCES;

    /// <summary>What becomes of a flow.</summary>
    /// <param name="flow">The flow.</param>
    public FirewallAnswer? Judge(FirewallFlow flow)
    {
        int[] hooks = flow.IsArriving ? [NF_INET_INGRESS, NF_INET_PRE_ROUTING, NF_INET_LOCAL_IN] : [NF_INET_LOCAL_OUT, NF_INET_POST_ROUTING];
        FirewallTrial trial = new(flow, ChainOf, FindSet);
        FirewallAnswer? worst = null;
        foreach (FirewallChain chain in _chains
            .Where(chain => chain.Hook is not null && IsOf(chain, flow) && hooks.Contains(HookOf(chain)) && (flow.IsNew || !chain.IsNat))
            .OrderBy(chain => Array.IndexOf(hooks, HookOf(chain))).ThenBy(chain => chain.Priority))
        {
            FirewallOutcome outcome = trial.Pass(chain);
            worst = outcome > (worst?.Outcome ?? FirewallOutcome.Passes) ? new FirewallAnswer(outcome, chain.FamilyName, chain.Table, chain.Name) : worst;
            if (outcome >= FirewallOutcome.Redirected)
            {
                break;
            }
        }

        return worst;
    }

    /// <summary>Whether a rule certainly keeps the kernel from tracking a flow, as <c>notrack</c> does.</summary>
    /// <param name="flow">The flow.</param>
    public bool IsUntracked(FirewallFlow flow)
    {
        int first = flow.IsArriving ? NF_INET_PRE_ROUTING : NF_INET_LOCAL_OUT;
        FirewallTrial trial = new(flow, ChainOf, FindSet);
        foreach (FirewallChain chain in _chains
            .Where(chain => chain.Family is not NFPROTO_NETDEV && chain.Hook == first && chain.Priority < TrackingPriority && !chain.IsNat && IsOf(chain, flow))
            .OrderBy(chain => chain.Priority))
        {
            _ = trial.Pass(chain);
        }

        return trial.IsUntracked;
    }

    private static bool IsOf(FirewallChain chain, FirewallFlow flow) => chain.Family switch
    {
        NFPROTO_INET or NFPROTO_NETDEV => true,
        NFPROTO_IPV4 => flow.IsIPv4,
        NFPROTO_IPV6 => !flow.IsIPv4,
        _ => false,
    };

    // Hooks of the family netdev have numbers of their own: 0 is ingress, 1 egress.
    private static int HookOf(FirewallChain chain) => chain.Family == NFPROTO_NETDEV
        ? chain.Hook == 0 ? NF_INET_INGRESS : NF_INET_POST_ROUTING
        : chain.Hook!.Value;

    private static bool Tracks(byte[] expression) =>
        new NetlinkAttributes(expression).Text(NFTA_EXPR_NAME) is "ct" or "connlimit";

    private static List<FirewallChain> Build(List<byte[]> chains, List<byte[]> rules)
    {
        List<FirewallChain> built = [.. chains.Where(HasBody).Select(message => FirewallChain.From(message[0], Body(message)))];
        Dictionary<(int, string, string), FirewallChain> known = [];
        foreach (FirewallChain chain in built)
        {
            known[(chain.Family, chain.Table, chain.Name)] = chain;
        }

        foreach (byte[] message in rules.Where(HasBody))
        {
            NetlinkAttributes rule = Body(message);
            if (known.TryGetValue((message[0], rule.Text(NFTA_RULE_TABLE), rule.Text(NFTA_RULE_CHAIN)), out FirewallChain? chain))
            {
                chain.Rules.Add(rule.Within(NFTA_RULE_EXPRESSIONS).All(NFTA_LIST_ELEM));
            }
        }

        return built;
    }

    private static bool HasBody(byte[] message) => message.Length >= Header;

    private static NetlinkAttributes Body(byte[] message) => new(message.AsSpan(Header));

    private static List<byte[]>? Ask(int message, byte family, byte[] attributes, out int error)
    {
        byte[] question = [family, 0, 0, 0, .. attributes];
        List<byte[]>? answer = NetlinkDump.Ask(NETLINK_NETFILTER, (NFNL_SUBSYS_NFTABLES << 8) | message, question, out error);

        // A kernel without netfilter, or without nf_tables.
        if (error is EPROTONOSUPPORT or EAFNOSUPPORT or EINVAL or EOPNOTSUPP)
        {
            error = 0;
            return [];
        }

        return answer;
    }

    private FirewallChain? ChainOf(FirewallChain from, string name) =>
        _chains.Find(chain => chain.Family == from.Family && string.Equals(chain.Table, from.Table, StringComparison.Ordinal)
            && string.Equals(chain.Name, name, StringComparison.Ordinal));

    // Sets are read when a rule needs one whose key is known. A list of addresses, which may be long, seldom is.
    private FirewallSet? FindSet(FirewallChain from, string name)
    {
        (int, string, string) key = (from.Family, from.Table, name);
        if (!_sets.TryGetValue(key, out FirewallSet? set))
        {
            byte[] attributes = [.. NetlinkAttributes.Write(NFTA_SET_ELEM_LIST_TABLE, from.Table), .. NetlinkAttributes.Write(NFTA_SET_ELEM_LIST_SET, name)];
            List<byte[]>? messages = Ask(NFT_MSG_GETSETELEM, (byte)from.Family, attributes, out _);
            set = messages is null
                ? null
                : new FirewallSet(messages.Where(HasBody).SelectMany(message => Body(message).Within(NFTA_SET_ELEM_LIST_ELEMENTS).All(NFTA_LIST_ELEM)));
            _sets[key] = set;
        }

        return set;
    }

    /// <summary>One flow on its way through the chains.</summary>
    private sealed class FirewallTrial(FirewallFlow flow, Func<FirewallChain, string, FirewallChain?> chainOf, Func<FirewallChain, string, FirewallSet?> findSet)
    {
        private int _state = flow.State;
        private bool _mayPass;
        private bool _mayDrop;
        private bool _mayGoElsewhere;

        /// <summary>Whether a rule has kept it from being tracked.</summary>
        public bool IsUntracked => _state == FirewallFlow.Untracked;

        /// <summary>Passes a chain that the kernel calls.</summary>
        public FirewallOutcome Pass(FirewallChain chain)
        {
            (_mayPass, _mayDrop, _mayGoElsewhere) = (false, false, false);
            RuleVerdict verdict = Follow(chain, Deepest);
            bool drops = verdict == RuleVerdict.Drop || (verdict is RuleVerdict.Next or RuleVerdict.Return && chain.DropsByDefault);

            // A chain of one device sees what comes by that, which the flow may not do.
            _mayPass |= chain.Family == NFPROTO_NETDEV || HookOf(chain) == NF_INET_INGRESS;
            return drops && !_mayPass && !_mayGoElsewhere ? FirewallOutcome.Dropped
                : drops || _mayDrop ? FirewallOutcome.MayBeDropped
                : verdict == RuleVerdict.Redirect ? _mayPass ? FirewallOutcome.MayBeRedirected : FirewallOutcome.Redirected
                : _mayGoElsewhere ? FirewallOutcome.MayBeRedirected
                : FirewallOutcome.Passes;
        }

        private RuleVerdict Follow(FirewallChain chain, int depth)
        {
            foreach (List<byte[]> rule in chain.Rules)
            {
                RuleReader reader = new(flow, _state, name => findSet(chain, name));
                bool? applies = reader.Read(rule);
                if (applies is false)
                {
                    continue;
                }

                _state = reader.LeavesTracking && applies is true ? FirewallFlow.Untracked : _state;
                RuleVerdict verdict = reader.Verdict;
                bool goesTo = verdict == RuleVerdict.GoTo;
                if (verdict is RuleVerdict.Jump or RuleVerdict.GoTo)
                {
                    verdict = depth > 0 && chainOf(chain, reader.Chain) is { } called ? Follow(called, depth - 1) : RuleVerdict.Next;
                    verdict = verdict is not (RuleVerdict.Next or RuleVerdict.Return) ? verdict : goesTo ? RuleVerdict.Return : RuleVerdict.Next;
                }

                if (verdict == RuleVerdict.Next)
                {
                    continue;
                }

                if (applies is true)
                {
                    return verdict;
                }

                _mayPass |= verdict is RuleVerdict.Accept or RuleVerdict.Return;
                _mayDrop |= verdict == RuleVerdict.Drop;
                _mayGoElsewhere |= verdict == RuleVerdict.Redirect;
            }

            return RuleVerdict.Next;
        }
    }
}
