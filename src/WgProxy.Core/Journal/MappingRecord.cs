using System.Net;
using System.Runtime.CompilerServices;
using WgProxy.Core.Protocol;

namespace WgProxy.Core.Journal;

/// <summary>
/// All that is needed to make a mapping again, in another process or on another host. A value without references to the relay; its
/// bytes have a fixed layout (<see cref="RecordLayout"/>). Instants are kept as milliseconds before or after <see cref="Written"/>.
/// </summary>
/// <remarks>What a record leaves out begins anew: token buckets, what goes unanswered at the moment, and where it would be tried next.
/// </remarks>
internal struct MappingRecord
{
    /// <summary>The number of bytes of a record.</summary>
    public const int Size = RecordLayout.Size;

    /// <summary>The server's public key.</summary>
    public RouteKey Route;

    /// <summary>The client, and the local address that it sends to.</summary>
    public Source Source;

    /// <summary>How far the mapping had come; <see cref="Proof.None"/> if it has ended: then only <see cref="Route"/>,
    /// <see cref="Source"/>, <see cref="UpstreamPort"/> and <see cref="Written"/> mean anything.</summary>
    public Proof Proof;

    /// <summary>The proof to return to, if it lingers.</summary>
    public Proof Former;

    /// <summary>What may be true or not of a mapping.</summary>
    public RecordMarks Marks;

    /// <summary>The local port of the upstream socket.</summary>
    public ushort UpstreamPort;

    /// <summary>The local address of the upstream socket, 16 bytes in network order, IPv4 as v4-mapped; zero if unknown. Added by the
    /// engine.</summary>
    public UInt128 UpstreamLocal;

    /// <summary>Where the upstream socket is to be connected to; null if it has ended.</summary>
    public IPEndPoint? Server;

    /// <summary>When the record was written. Added by the engine.</summary>
    public JournalInstant Written;

    /// <summary>In how many milliseconds the mapping's deadline comes.</summary>
    public long ExpiresIn;

    /// <summary>How many milliseconds ago the mapping began to ask.</summary>
    public long AskedAgo;

    /// <summary>How many milliseconds ago a valid packet last passed, either way.</summary>
    public long ValidAgo;

    /// <summary>For how many milliseconds the mapping may linger, counted from when both ends were last heard.</summary>
    public long LingersFor;

    /// <summary>For how many milliseconds a cookie of the server binds the client to the port.</summary>
    public long CookieFor;

    /// <summary>Bytes forwarded to the server.</summary>
    public long UplinkBytes;

    /// <summary>Bytes forwarded to the client.</summary>
    public long DownlinkBytes;

    /// <summary>The site whose share a claim counts for.</summary>
    public ulong Charged;

    /// <summary>The mac1 of the client's last initiation that passed.</summary>
    public UInt128 LastMac1;

    /// <summary>The cookie with which the server answered it.</summary>
    public UInt128 ServerCookie;

    /// <summary>The sender index of that initiation.</summary>
    public uint LastInitiation;

    /// <summary>The server index by which a mapping on probation was admitted.</summary>
    public uint ProbationIndex;

    /// <summary>Sender indices of the client's last initiations, as they stand in their ring.</summary>
    public RecordedInitiations Initiations;

    /// <summary>How many of them there are.</summary>
    public byte InitiationCount;

    /// <summary>Which of them the next one takes the place of.</summary>
    public byte NextInitiation;

    /// <summary>The tunnel, as all its mappings see it.</summary>
    public TunnelRecord Tunnel;

    /// <summary>As what the mapping was admitted to ask.</summary>
    internal Share Admitted;

    /// <summary>Whether the mapping has ended.</summary>
    public readonly bool IsEnded => Proof == Proof.None;

    /// <summary>Reads a record. False, and an empty record, unless the bytes are exactly those that <see cref="Write"/> writes for some
    /// record of this version.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out MappingRecord record) => RecordLayout.TryRead(bytes, out record);

    /// <summary>Writes the record's <see cref="Size"/> bytes.</summary>
    public readonly void Write(Span<byte> bytes) => RecordLayout.Write(this, bytes);

    /// <summary>Whether something is true of the mapping.</summary>
    public readonly bool Has(RecordMarks mark) => (Marks & mark) != RecordMarks.None;

    /// <summary>The record as it would be if it had been written so many milliseconds later, and nothing had happened since. What it says
    /// of times and bytes is brought within bounds in which a relay can reckon.</summary>
    internal readonly MappingRecord AgedBy(long milliseconds)
    {
        const long most = 1L << 50;
        long age = Math.Clamp(milliseconds, 0, most);
        MappingRecord aged = this;
        aged.ExpiresIn = Math.Clamp(ExpiresIn, -most, most) - age;
        aged.AskedAgo = Math.Clamp(AskedAgo, 0, most) + age;
        aged.ValidAgo = Math.Clamp(ValidAgo, 0, most) + age;
        aged.LingersFor = Math.Clamp(LingersFor, -most, most) - age;
        aged.CookieFor = Math.Max(Math.Clamp(CookieFor, 0, most) - age, 0);
        aged.ServerCookie = aged.CookieFor > 0 ? ServerCookie : 0;
        aged.UplinkBytes = Math.Clamp(UplinkBytes, 0, most);
        aged.DownlinkBytes = Math.Clamp(DownlinkBytes, 0, most);
        aged.Tunnel.Age(age);
        return aged;
    }

    /// <summary>Says whether something is true of the mapping.</summary>
    internal void Set(RecordMarks mark, bool value) => Marks = value ? Marks | mark : Marks & ~mark;
}

/// <summary>What may be true or not of a recorded mapping. The numbers are part of the layout.</summary>
[Flags]
internal enum RecordMarks : ushort
{
    /// <summary>Nothing is.</summary>
    None = 0,

    /// <summary>The server has used the port.</summary>
    ServerUsedPort = 1,

    /// <summary>The server has answered or confirmed it once.</summary>
    WasAnswered = 2,

    /// <summary>It lingers, or has lingered and not heard both ends since.</summary>
    HasLingered = 4,

    /// <summary>It has shown a cookie.</summary>
    HasShown = 8,

    /// <summary>Since its revival, the client has not been heard.</summary>
    AwaitsClient = 16,

    /// <summary>Since its revival, the server has not been heard.</summary>
    AwaitsServer = 32,

    /// <summary>It is on probation.</summary>
    IsOnProbation = 64,

    /// <summary>Its tunnel was made for it.</summary>
    IsFounder = 128,

    /// <summary>The server was last seen to use the tunnel on its port.</summary>
    IsInUse = 256,

    /// <summary>Every mark that has a meaning.</summary>
    All = 511,
}

/// <summary>A server's public key as bytes.</summary>
[InlineArray(WireGuard.PublicKeySize)]
internal struct RouteKey
{
    private byte _first;

    /// <summary>The bytes of a key.</summary>
    public static RouteKey From(PublicKey key)
    {
        RouteKey bytes = default;
        key.Bytes.CopyTo(bytes);
        return bytes;
    }

    /// <summary>Whether these are the key's bytes.</summary>
    public readonly bool Is(PublicKey key) => key.Bytes.SequenceEqual(this);
}
