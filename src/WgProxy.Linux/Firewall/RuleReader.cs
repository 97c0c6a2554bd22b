using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Firewall;

/// <summary>What a rule decides.</summary>
internal enum RuleVerdict
{
    /// <summary>Nothing: the next rule decides.</summary>
    Next,

    /// <summary>That the packet passes this hook's chain.</summary>
    Accept,

    /// <summary>That it is dropped or rejected.</summary>
    Drop,

    /// <summary>That it goes elsewhere.</summary>
    Redirect,

    /// <summary>That another chain decides first.</summary>
    Jump,

    /// <summary>That another chain decides instead.</summary>
    GoTo,

    /// <summary>That the calling chain goes on.</summary>
    Return,
}

/// <summary>Reads one rule as the kernel would for a flow, as far as that is known beforehand.</summary>
/// <param name="flow">The flow.</param>
/// <param name="state">Its state in connection tracking.</param>
/// <param name="findSet">Finds a set by its name; null if it cannot be read.</param>
internal sealed class RuleReader(FirewallFlow flow, int state, Func<string, FirewallSet?> findSet)
{
    private const int Register = 16;
    private const int SmallRegister = 4;

    // The interface of loopback has the number 1 in each network namespace.
    private static readonly byte[] LoopbackNumber = FirewallFlow.Native(1);

    private readonly Dictionary<int, byte[]> _registers = [];
    private readonly HashSet<int> _interfaces = [];

    /// <summary>What it decides.</summary>
    public RuleVerdict Verdict { get; private set; }

    /// <summary>The chain that decides, for those that name one.</summary>
    public string Chain { get; private set; } = string.Empty;

    /// <summary>Whether it leaves connection tracking out.</summary>
    public bool LeavesTracking { get; private set; }

    /// <summary>Whether the rule applies: true, false, or null for perhaps.</summary>
    public bool? Read(List<byte[]> rule)
    {
        bool? applies = true;
        foreach (byte[] expression in rule)
        {
            NetlinkAttributes attributes = new(expression);
            bool? matches = Read(attributes.Text(NFTA_EXPR_NAME), attributes.Within(NFTA_EXPR_DATA));
            if (matches is false)
            {
                return false;
            }

            applies = matches is null ? null : applies;
            if (Verdict != RuleVerdict.Next)
            {
                break;
            }
        }

        return applies;
    }

    private bool? Read(string name, NetlinkAttributes data)
    {
        switch (name)
        {
            case "meta":
                return Meta(data);
            case "payload":
                return Load(
                    data,
                    NFTA_PAYLOAD_DREG,
                    flow.Header(data.Number(NFTA_PAYLOAD_BASE), data.Number(NFTA_PAYLOAD_OFFSET), data.Number(NFTA_PAYLOAD_LEN)));
            case "ct":
                return Load(data, NFTA_CT_DREG, Tracked(data.Number(NFTA_CT_KEY)));
            case "bitwise":
                return Bitwise(data);
            case "cmp":
                return Compare(data);
            case "range":
                return Range(data);
            case "lookup":
                return LookUp(data);
            case "immediate":
                return Immediate(data);
            case "reject":
                return Decide(RuleVerdict.Drop);
            case "redir" or "tproxy":
                return Decide(RuleVerdict.Redirect);
            case "nat":
                return Decide(data.Number(NFTA_NAT_TYPE) == NFT_NAT_DNAT ? RuleVerdict.Redirect : RuleVerdict.Accept);
            case "masq":
                return Decide(RuleVerdict.Accept);
            case "notrack":
                LeavesTracking = true;
                return true;
            case "queue":
                // A program decides.
                _ = Decide(RuleVerdict.Drop);
                return null;
            case "match":
                return CompatibleMatch.Read(data.Text(NFTA_MATCH_NAME), data.Number(NFTA_MATCH_REV), data[NFTA_MATCH_INFO], flow, state);
            case "target":
                return Target(data.Text(NFTA_TARGET_NAME));
            case "counter" or "log" or "objref" or "last" or "dup":
                return true;
            default:
                // Limits, and what is not known here.
                _registers.Clear();
                _interfaces.Clear();
                return null;
        }
    }

    // What begins a flow has no bit of its status yet, such as that of a changed destination.
    private byte[]? Tracked(int key) => key switch
    {
        NFT_CT_STATE => FirewallFlow.Native(state),
        NFT_CT_STATUS when flow.IsNew => FirewallFlow.Native(0),
        _ => null,
    };

    private bool? Meta(NetlinkAttributes data)
    {
        int key = data.Number(NFTA_META_KEY);
        _ = Load(data, NFTA_META_DREG, flow.Meta(key));
        if (data.Has(NFTA_META_DREG) && flow.IsArriving && key is NFT_META_IIF or NFT_META_IIFNAME)
        {
            _interfaces.Add(OffsetOf(data.Number(NFTA_META_DREG)));
        }

        return true;
    }

    // Without a register to load, it writes into the packet, or its mark.
    private bool? Load(NetlinkAttributes data, int register, byte[]? value)
    {
        if (data.Has(register))
        {
            Set(data.Number(register), value);
        }

        return true;
    }

    private bool? Bitwise(NetlinkAttributes data)
    {
        byte[]? value = Get(data.Number(NFTA_BITWISE_SREG));
        byte[] mask = data.Within(NFTA_BITWISE_MASK)[NFTA_DATA_VALUE].ToArray();
        byte[] flip = data.Within(NFTA_BITWISE_XOR)[NFTA_DATA_VALUE].ToArray();
        bool isKnown = value is not null && data.Number(NFTA_BITWISE_OP) == 0 && mask.Length == value.Length && flip.Length == value.Length;
        Set(data.Number(NFTA_BITWISE_DREG), isKnown ? [.. value!.Select((each, i) => (byte)((each & mask[i]) ^ flip[i]))] : null);
        return true;
    }

    private bool? Compare(NetlinkAttributes data)
    {
        int register = data.Number(NFTA_CMP_SREG);
        int operation = data.Number(NFTA_CMP_OP);
        ReadOnlySpan<byte> other = data.Within(NFTA_CMP_DATA)[NFTA_DATA_VALUE];
        if (Get(register) is not byte[] value)
        {
            // A client or a server is not on this host.
            bool isLoopback = _interfaces.Contains(OffsetOf(register)) && (other.SequenceEqual(LoopbackNumber) || other.StartsWith("lo\0"u8));
            return isLoopback && operation is 0 or 1 ? operation == 1 : null;
        }

        if (value.Length < other.Length)
        {
            return null;
        }

        // NFT_CMP_EQ, NEQ, LT, LTE, GT, GTE.
        int order = value.AsSpan(0, other.Length).SequenceCompareTo(other);
        return operation switch
        {
            0 => order == 0,
            1 => order != 0,
            2 => order < 0,
            3 => order <= 0,
            4 => order > 0,
            _ => order >= 0,
        };
    }

    private bool? Range(NetlinkAttributes data)
    {
        if (Get(data.Number(NFTA_RANGE_SREG)) is not byte[] value)
        {
            return null;
        }

        bool isInside = value.AsSpan().SequenceCompareTo(data.Within(NFTA_RANGE_FROM_DATA)[NFTA_DATA_VALUE]) >= 0
            && value.AsSpan().SequenceCompareTo(data.Within(NFTA_RANGE_TO_DATA)[NFTA_DATA_VALUE]) <= 0;
        return isInside == (data.Number(NFTA_RANGE_OP) == 0);
    }

    private bool? LookUp(NetlinkAttributes data)
    {
        bool isMap = data.Has(NFTA_LOOKUP_DREG);
        if (Get(data.Number(NFTA_LOOKUP_SREG)) is not byte[] value || findSet(data.Text(NFTA_LOOKUP_SET)) is not { IsReadable: true } set)
        {
            if (isMap && data.Number(NFTA_LOOKUP_DREG) == 0)
            {
                // A map of verdicts, of which any may be found.
                _ = Decide(RuleVerdict.Drop);
            }

            return null;
        }

        byte[]? element = set.Find(value);
        if (!isMap)
        {
            bool isInverse = (data.Number(NFTA_LOOKUP_FLAGS) & NFT_LOOKUP_F_INV) != 0;
            return element is not null != isInverse;
        }

        if (element is not null && data.Number(NFTA_LOOKUP_DREG) == 0)
        {
            return Decide(new NetlinkAttributes(element).Within(NFTA_SET_ELEM_DATA));
        }

        Set(data.Number(NFTA_LOOKUP_DREG), null);
        return element is not null;
    }

    private bool? Immediate(NetlinkAttributes data)
    {
        NetlinkAttributes value = data.Within(NFTA_IMMEDIATE_DATA);
        if (value.Has(NFTA_DATA_VERDICT))
        {
            return Decide(value);
        }

        Set(data.Number(NFTA_IMMEDIATE_DREG), value[NFTA_DATA_VALUE].ToArray());
        return true;
    }

    // What iptables has in its compatible form. Others mark, log or count.
    private bool? Target(string name) => name switch
    {
        "REJECT" or "DROP" => Decide(RuleVerdict.Drop),
        "DNAT" or "REDIRECT" or "TPROXY" => Decide(RuleVerdict.Redirect),
        "SNAT" or "MASQUERADE" => Decide(RuleVerdict.Accept),
        _ => true,
    };

    private bool? Decide(NetlinkAttributes data)
    {
        NetlinkAttributes verdict = data.Within(NFTA_DATA_VERDICT);
        Chain = verdict.Text(NFTA_VERDICT_CHAIN);
        return Decide(verdict.Number(NFTA_VERDICT_CODE) switch
        {
            NF_DROP => RuleVerdict.Drop,
            NF_ACCEPT => RuleVerdict.Accept,
            NFT_JUMP => RuleVerdict.Jump,
            NFT_GOTO => RuleVerdict.GoTo,
            NFT_RETURN => RuleVerdict.Return,
            _ => RuleVerdict.Next,
        });
    }

    private bool? Decide(RuleVerdict verdict)
    {
        Verdict = verdict;
        return true;
    }

    // Four registers of 16 bytes; the same bytes are sixteen of four.
    private static int OffsetOf(int register) =>
        register is >= NFT_REG_1 and <= NFT_REG_4 ? (register - NFT_REG_1) * Register : (register - NFT_REG32_00) * SmallRegister;

    private byte[]? Get(int register) => _registers.GetValueOrDefault(OffsetOf(register));

    private void Set(int register, byte[]? value)
    {
        int place = OffsetOf(register);
        _ = _interfaces.Remove(place);
        if (value is null)
        {
            _ = _registers.Remove(place);
        }
        else
        {
            _registers[place] = value;
        }
    }
}
