using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using WgProxy.Core.Containers;
using WgProxy.Core.Protocol;

namespace WgProxy.Core.Mappings;

/// <summary>One row: a source and a route, joined to one upstream socket by the row's slot. The client side of a mapping
/// never changes. What few mappings need is in <see cref="MappingExtras"/>.</summary>
internal struct Mapping
{
    /// <summary>The client.</summary>
    public Source Source;

    /// <summary>Index of the route in the relay's list.</summary>
    public int Route;

    /// <summary>The tunnel this mapping belongs to.</summary>
    public int Tunnel;

    /// <summary>The next mapping of the same source (on another route); -1 at the end.</summary>
    public int NextOfSource;

    /// <summary>The next mapping of the same tunnel; -1 at the end.</summary>
    public int NextOfTunnel;

    /// <summary>How far the mapping has come; <see cref="Vocabulary.Proof.None"/> while its socket is being closed.</summary>
    public Proof Proof;

    /// <summary>The proof to return to when a lingering mapping is heard again.</summary>
    public Proof Former;

    /// <summary>The share to which it counts while it asks; none if it did not begin by asking.</summary>
    public Share Admitted;

    /// <summary>The share to which it is charged now.</summary>
    public Share Counted;

    /// <summary>The upstream socket's local port; 0 until the engine has opened it.</summary>
    public ushort Port;

    // Nine flags share two bytes, so that the row fits three cache lines.
    private Mark _marks;

    /// <summary>The server has sent something of type 1, 2 or 4 to this port, so it may do so again.</summary>
    public bool ServerUsedPort { readonly get => Has(Mark.ServerUsedPort); set => Set(Mark.ServerUsedPort, value); }

    /// <summary>The server has answered it once, or confirmed it: it may be sent more than it sends.</summary>
    public bool WasAnswered { readonly get => Has(Mark.WasAnswered); set => Set(Mark.WasAnswered, value); }

    /// <summary>It lingers, or has lingered and not heard both ends since. One end can be forged: its packets are forwarded,
    /// but do not prolong the mapping.</summary>
    public bool HasLingered { readonly get => Has(Mark.HasLingered); set => Set(Mark.HasLingered, value); }

    /// <summary>It has shown a cookie, or its source had lately: the client receives what is sent to its address.</summary>
    public bool HasShown { readonly get => Has(Mark.HasShown); set => Set(Mark.HasShown, value); }

    /// <summary>Since its revival, the client has not been heard yet.</summary>
    public bool AwaitsClient { readonly get => Has(Mark.AwaitsClient); set => Set(Mark.AwaitsClient, value); }

    /// <summary>Since its revival, the server has not been heard yet.</summary>
    public bool AwaitsServer { readonly get => Has(Mark.AwaitsServer); set => Set(Mark.AwaitsServer, value); }

    /// <summary>Claimed with an index that is known nowhere: on probation until the server sends data to this port.</summary>
    public bool IsOnProbation { readonly get => Has(Mark.IsOnProbation); set => Set(Mark.IsOnProbation, value); }

    /// <summary>A datagram too large for every path has passed to the server (<see cref="Limits.LargeDatagram"/>).</summary>
    public bool HasSentLarge { readonly get => Has(Mark.HasSentLarge); set => Set(Mark.HasSentLarge, value); }

    /// <summary>A datagram too large for every path has passed to the client.</summary>
    public bool HasReceivedLarge { readonly get => Has(Mark.HasReceivedLarge); set => Set(Mark.HasReceivedLarge, value); }

    /// <summary>Whether anything has been written to the mapping's <see cref="MappingExtras"/>.</summary>
    public bool HasExtras;

    /// <summary>Whether an answer would show that the server is at this mapping's address. The mapping was proven before it
    /// moved there, or no mapping has been answered yet.</summary>
    public bool IsOnTrial;

    /// <summary>Whether the server answers.</summary>
    public AnswerWatch Answers;

    /// <summary>The instant at which the mapping expires.</summary>
    public Tick Expires;

    /// <summary>When a valid packet last passed, either way.</summary>
    public Tick LastValid;

    /// <summary>Sender indices of the client's last initiations.</summary>
    public IndexRing RecentInitiations;

    /// <summary>The sender index of the client's last initiation that passed.</summary>
    public uint LastInitiation;

    /// <summary>That initiation's mac1, into which an answering cookie of the server is bound.</summary>
    public MacBytes LastMac1;

    /// <summary>Limits initiations.</summary>
    public TokenBucket Initiations;

    /// <summary>Bytes forwarded to the server.</summary>
    public long UplinkBytes;

    /// <summary>Bytes forwarded to the client.</summary>
    public long DownlinkBytes;

    /// <summary>Whether the server has accepted its client, also if it lingers now.</summary>
    public readonly bool IsAccepted => (Proof == Proof.Lingering ? Former : Proof) >= Proof.Established;

    private readonly bool Has(Mark mark) => (_marks & mark) != Mark.None;

    private void Set(Mark mark, bool value) => _marks = value ? _marks | mark : _marks & ~mark;

    [Flags]
    private enum Mark : ushort
    {
        None = 0,
        ServerUsedPort = 1,
        WasAnswered = 2,
        HasLingered = 4,
        HasShown = 8,
        AwaitsClient = 16,
        AwaitsServer = 32,
        IsOnProbation = 64,
        HasSentLarge = 128,
        HasReceivedLarge = 256,
    }
}

/// <summary>The bytes of a mac, without alignment, which would cost memory in every row.</summary>
[InlineArray(WireGuard.MacSize)]
internal struct MacBytes
{
    private byte _first;

    /// <summary>The mac that a number's bytes are, in network order.</summary>
    public static MacBytes From(UInt128 number)
    {
        MacBytes bytes = default;
        BinaryPrimitives.WriteUInt128BigEndian(bytes, number);
        return bytes;
    }

    /// <summary>The mac as a number.</summary>
    public readonly UInt128 ToNumber() => BinaryPrimitives.ReadUInt128BigEndian(this);
}
