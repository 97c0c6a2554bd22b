using System.Buffers.Binary;
using System.Net;
using WgProxy.Core.Protocol;

namespace WgProxy.Core.Journal;

/// <summary>
/// The bytes of a record, version 2. Numbers are little-endian, as in WireGuard's messages; addresses are in network order, IPv4 as
/// v4-mapped IPv6. Each record has one form: what does not mean anything is zero, and is refused if it is not.
/// </summary>
/// <remarks>
/// <code>
/// offset size
///      0    2  version, 2                        96   16  server's address
///      2    2  local port it sends to           112   16  local address of the upstream socket
///      4    1  proof                            128   16  boot id
///      5    1  former proof                     144    8  written, milliseconds since boot
///      6    1  share it was admitted to         152    8  written, milliseconds since 1970, UTC
///      7    1  initiations in the ring          160    8  expires in, milliseconds
///      8    1  next position in the ring           168    8  asked ago
///      9    1  next position for a question        176    8  valid ago
///     10    2  marks of the mapping             184    8  lingers for
///     12    2  client's port                    192    8  cookie for
///     14    2  upstream port                    200    8  bytes up
///     16    4  client's scope                   208    8  bytes down
///     20    4  server's scope                   216    8  site charged for a claim
///     24    2  server's port                    224    8  site that owns the tunnel
///     26    1  mappings of the tunnel           232   16  mac1 of the last initiation
///     27    1  zero
///     28    4  identity of the tunnel           248   16  cookie of the server
///     32   32  public key of the server         264    4  index of the last initiation
///     64   16  client's address                 268    4  index by which a probation began
///     80   16  local address it sends to
///
///    272   32  ring of initiations, 8 indices
///    304  128  pairs, 8 times: server's index 4, client's index 4, remaining milliseconds 4, marks 4
///    432  128  questions of the server, 8 times the same
///    560    8  peer whose tunnel it is
///    568
/// </code>
/// Version 1 had the record's size at offset 2, and no local port.
/// </remarks>
internal static class RecordLayout
{
    /// <summary>The number of bytes of a record.</summary>
    public const int Size = 568;

    private const ushort Version = 2;
    private const ushort VersionWithoutLocalPort = 1;
    private const int RouteKeyAt = 32;
    private const int SourceAt = 64;
    private const int LocalAt = 80;
    private const int ServerAt = 96;
    private const int PairsAt = 304;
    private const int QuestionsAt = 432;
    private const int PeerAt = 560;
    private const int IndicesSize = 16;
    private const int HeadSize = 4;

    /// <summary>Writes a record's bytes.</summary>
    public static void Write(in MappingRecord record, Span<byte> bytes)
    {
        bytes = bytes[..Size];
        bytes.Clear();
        Put16(bytes, 0, Version);
        Put16(bytes, 2, record.Source.LocalPort);
        bytes[4] = (byte)record.Proof;
        bytes[5] = (byte)record.Former;
        bytes[6] = (byte)record.Admitted;
        bytes[7] = record.InitiationCount;
        bytes[8] = record.NextInitiation;
        bytes[9] = record.Tunnel.NextQuestion;
        bytes[26] = record.Tunnel.Members;
        Put16(bytes, 10, (ushort)record.Marks);
        Put16(bytes, 14, record.UpstreamPort);
        ((ReadOnlySpan<byte>)record.Route).CopyTo(bytes[RouteKeyAt..]);
        WriteAddresses(record, bytes);
        BinaryPrimitives.WriteUInt128BigEndian(bytes[112..], record.UpstreamLocal);
        BinaryPrimitives.WriteUInt128BigEndian(bytes[128..], record.Written.Boot);
        Put64(bytes, 144, record.Written.SinceBoot);
        Put64(bytes, 152, record.Written.Utc);
        Put64(bytes, 160, record.ExpiresIn);
        Put64(bytes, 168, record.AskedAgo);
        Put64(bytes, 176, record.ValidAgo);
        Put64(bytes, 184, record.LingersFor);
        Put64(bytes, 192, record.CookieFor);
        Put64(bytes, 200, record.UplinkBytes);
        Put64(bytes, 208, record.DownlinkBytes);
        Put64(bytes, 216, (long)record.Charged);
        Put64(bytes, 224, (long)record.Tunnel.Owner);
        BinaryPrimitives.WriteUInt128BigEndian(bytes[232..], record.LastMac1);
        BinaryPrimitives.WriteUInt128BigEndian(bytes[248..], record.ServerCookie);
        Put64(bytes, PeerAt, (long)record.Tunnel.Peer);
        Put32(bytes, 28, record.Tunnel.Identity);
        Put32(bytes, 264, record.LastInitiation);
        Put32(bytes, 268, record.ProbationIndex);
        for (int i = 0; i < RecordedInitiations.Count; i++)
        {
            Put32(bytes, 272 + (4 * i), record.Initiations[i]);
        }

        for (int position = 0; position < TunnelRecord.Positions; position++)
        {
            Write(record.Tunnel.Pairs[position], bytes[(PairsAt + (position * IndicesSize))..]);
            Write(record.Tunnel.Questions[position], bytes[(QuestionsAt + (position * IndicesSize))..]);
        }
    }

    /// <summary>Reads a record, if the bytes are those of one.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out MappingRecord record)
    {
        record = default;
        if (bytes.Length != Size || !TryReadHead(bytes, out ushort localPort))
        {
            return false;
        }

        MappingRecord read = default;
        read.Proof = (Proof)bytes[4];
        read.Former = (Proof)bytes[5];
        read.Admitted = (Share)bytes[6];
        read.InitiationCount = bytes[7];
        read.NextInitiation = bytes[8];
        read.Tunnel.NextQuestion = bytes[9];
        read.Tunnel.Members = bytes[26];
        read.Marks = (RecordMarks)Get16(bytes, 10);
        read.UpstreamPort = Get16(bytes, 14);
        bytes.Slice(RouteKeyAt, WireGuard.PublicKeySize).CopyTo(read.Route);
        ReadAddresses(bytes, localPort, ref read);
        read.UpstreamLocal = BinaryPrimitives.ReadUInt128BigEndian(bytes[112..]);
        read.Written = new JournalInstant(BinaryPrimitives.ReadUInt128BigEndian(bytes[128..]), Get64(bytes, 144), Get64(bytes, 152));
        read.ExpiresIn = Get64(bytes, 160);
        read.AskedAgo = Get64(bytes, 168);
        read.ValidAgo = Get64(bytes, 176);
        read.LingersFor = Get64(bytes, 184);
        read.CookieFor = Get64(bytes, 192);
        read.UplinkBytes = Get64(bytes, 200);
        read.DownlinkBytes = Get64(bytes, 208);
        read.Charged = (ulong)Get64(bytes, 216);
        read.Tunnel.Peer = (ulong)Get64(bytes, PeerAt);
        read.Tunnel.Identity = Get32(bytes, 28);
        read.Tunnel.Owner = (ulong)Get64(bytes, 224);
        read.LastMac1 = BinaryPrimitives.ReadUInt128BigEndian(bytes[232..]);
        read.ServerCookie = BinaryPrimitives.ReadUInt128BigEndian(bytes[248..]);
        read.LastInitiation = Get32(bytes, 264);
        read.ProbationIndex = Get32(bytes, 268);
        for (int i = 0; i < RecordedInitiations.Count; i++)
        {
            read.Initiations[i] = Get32(bytes, 272 + (4 * i));
        }

        for (int position = 0; position < TunnelRecord.Positions; position++)
        {
            read.Tunnel.Pairs[position] = ReadIndices(bytes[(PairsAt + (position * IndicesSize))..]);
            read.Tunnel.Questions[position] = ReadIndices(bytes[(QuestionsAt + (position * IndicesSize))..]);
        }

        // Whatever was read into something else than it stands for writes other bytes.
        Span<byte> written = stackalloc byte[Size];
        Write(read, written);
        if (!IsMeaningful(read) || !written[HeadSize..].SequenceEqual(bytes[HeadSize..]))
        {
            return false;
        }

        record = read;
        return true;
    }

    // A record of version 1 has its own size where the port stands now. A port that is not known is 0, in either.
    private static bool TryReadHead(ReadOnlySpan<byte> bytes, out ushort localPort)
    {
        ushort version = Get16(bytes, 0);
        ushort second = Get16(bytes, 2);
        localPort = version == Version ? second : (ushort)0;
        return version == Version || (version == VersionWithoutLocalPort && second == Size);
    }

    private static void WriteAddresses(in MappingRecord record, Span<byte> bytes)
    {
        (ulong high, ulong low, ulong localHigh, ulong localLow, _) = record.Source.Words;
        BinaryPrimitives.WriteUInt64BigEndian(bytes[SourceAt..], high);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[(SourceAt + 8)..], low);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[LocalAt..], localHigh);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[(LocalAt + 8)..], localLow);
        Put16(bytes, 12, record.Source.Port);
        Put32(bytes, 16, record.Source.Scope);
        if (record.Server is IPEndPoint server)
        {
            // An address and its scope, as a source is written; not a client, but the same two things.
            Source written = Source.From(server);
            (high, low, _, _, _) = written.Words;
            BinaryPrimitives.WriteUInt64BigEndian(bytes[ServerAt..], high);
            BinaryPrimitives.WriteUInt64BigEndian(bytes[(ServerAt + 8)..], low);
            Put16(bytes, 24, written.Port);
            Put32(bytes, 20, written.Scope);
        }
    }

    private static void ReadAddresses(ReadOnlySpan<byte> bytes, ushort localPort, ref MappingRecord record)
    {
        record.Source = Source.From(bytes.Slice(SourceAt, 16), Get16(bytes, 12), Get32(bytes, 16), bytes.Slice(LocalAt, 16), localPort);
        Source server = Source.From(bytes.Slice(ServerAt, 16), Get16(bytes, 24), Get32(bytes, 20), []);
        record.Server = server == default ? null : server.ToEndPoint();
    }

    private static bool IsMeaningful(in MappingRecord record)
    {
        bool isMeaningful = record.Proof <= Proof.Confirmed && record.Former <= Proof.Confirmed && record.Former != Proof.Lingering
            && (record.Proof != Proof.Lingering || record.Former != Proof.None) && record.Admitted <= Share.Claimed
            && (record.Marks & ~RecordMarks.All) == RecordMarks.None
            && record.InitiationCount <= RecordedInitiations.Count && record.NextInitiation < RecordedInitiations.Count
            && record.Tunnel.NextQuestion < TunnelRecord.Positions;
        for (int position = 0; position < TunnelRecord.Positions && isMeaningful; position++)
        {
            isMeaningful = IsMeaningful(record.Tunnel.Pairs[position]) && IsMeaningful(record.Tunnel.Questions[position]);
        }

        return isMeaningful;
    }

    private static bool IsMeaningful(in RecordedIndices indices) =>
        (indices.Marks & ~IndexMarks.All) == IndexMarks.None
        && (indices.Has(IndexMarks.IsPresent)
            || (indices.Marks == IndexMarks.None && (indices.ServerIndex | indices.ClientIndex | indices.Remaining) == 0));

    private static void Write(in RecordedIndices indices, Span<byte> bytes)
    {
        Put32(bytes, 0, indices.ServerIndex);
        Put32(bytes, 4, indices.ClientIndex);
        Put32(bytes, 8, indices.Remaining);
        Put32(bytes, 12, (uint)indices.Marks);
    }

    private static RecordedIndices ReadIndices(ReadOnlySpan<byte> bytes) => new()
    {
        ServerIndex = Get32(bytes, 0),
        ClientIndex = Get32(bytes, 4),
        Remaining = Get32(bytes, 8),
        Marks = (IndexMarks)Get32(bytes, 12),
    };

    private static void Put16(Span<byte> bytes, int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(bytes[at..], value);

    private static void Put32(Span<byte> bytes, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(bytes[at..], value);

    private static void Put64(Span<byte> bytes, int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(bytes[at..], value);

    private static ushort Get16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint Get32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static long Get64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);
}
