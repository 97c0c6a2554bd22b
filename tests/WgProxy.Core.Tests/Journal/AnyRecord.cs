using System.Net;
using WgProxy.Core.Journal;
using WgProxy.Core.Protocol;

namespace WgProxy.Core.Tests.Journal;

/// <summary>Records as a relay could write them, with whatever values their fields have room for.</summary>
internal static class AnyRecord
{
    public static MappingRecord Of(Random random)
    {
        MappingRecord record = new()
        {
            Source = Source.From(EndPoint(random), random.Next(3) == 0 ? null : Address(random), (ushort)(random.Next(3) == 0 ? 0 : random.Next(65_536))),
            Server = random.Next(4) == 0 ? null : EndPoint(random),
            Proof = (Proof)random.Next((int)Proof.Confirmed + 1),
            Former = random.Next(3) == 0 ? Proof.None : Any(random),
            Admitted = (Share)random.Next((int)Share.Claimed + 1),
            Marks = (RecordMarks)random.Next((int)RecordMarks.All + 1),
            UpstreamPort = (ushort)random.Next(65_536),
            UpstreamLocal = Wide(random),
            Written = new JournalInstant(Wide(random), Long(random), Long(random)),
            ExpiresIn = Long(random),
            AskedAgo = Long(random),
            ValidAgo = Long(random),
            LingersFor = Long(random),
            CookieFor = Long(random),
            UplinkBytes = Long(random),
            DownlinkBytes = Long(random),
            Charged = (ulong)Long(random),
            LastMac1 = Wide(random),
            ServerCookie = Wide(random),
            LastInitiation = (uint)Long(random),
            ProbationIndex = (uint)Long(random),
            InitiationCount = (byte)random.Next(RecordedInitiations.Count + 1),
            NextInitiation = (byte)random.Next(RecordedInitiations.Count),
            Tunnel = new TunnelRecord
            {
                Identity = (uint)Long(random),
                Owner = (ulong)Long(random),
                Peer = (ulong)Long(random),
                NextQuestion = (byte)random.Next(TunnelRecord.Positions),
                Members = (byte)random.Next(256),
            },
        };
        record.Former = record is { Proof: Proof.Lingering, Former: Proof.None } ? Any(random) : record.Former;
        random.NextBytes(record.Route);
        for (int i = 0; i < TunnelRecord.Positions; i++)
        {
            record.Initiations[i] = (uint)Long(random);
            record.Tunnel.Pairs[i] = Indices(random);
            record.Tunnel.Questions[i] = Indices(random);
        }

        return record;
    }

    /// <summary>Every field of a record as text, so that two records are the same exactly if their texts are.</summary>
    public static string Describe(MappingRecord record)
    {
        List<object?> fields =
        [
            Convert.ToHexString(record.Route), record.Source, record.Source.Local, record.Source.LocalPort, record.Source.Scope, record.Proof, record.Former,
            record.Admitted, record.Marks, record.UpstreamPort, record.UpstreamLocal, record.Server, record.Written, record.ExpiresIn,
            record.AskedAgo, record.ValidAgo, record.LingersFor, record.CookieFor, record.UplinkBytes, record.DownlinkBytes, record.Charged,
            record.LastMac1, record.ServerCookie, record.LastInitiation,
            record.ProbationIndex, record.InitiationCount, record.NextInitiation, record.Tunnel.Identity, record.Tunnel.Owner,
            record.Tunnel.NextQuestion, record.Tunnel.Members, record.Tunnel.Peer,
        ];
        for (int i = 0; i < TunnelRecord.Positions; i++)
        {
            fields.AddRange([record.Initiations[i], Describe(record.Tunnel.Pairs[i]), Describe(record.Tunnel.Questions[i])]);
        }

        return string.Join('\n', fields);
    }

    // One that a mapping may linger after.
    private static Proof Any(Random random) => (Proof)random.Next((int)Proof.Asked, (int)Proof.Confirmed + 1);

    private static string Describe(RecordedIndices indices) => $"{indices.ServerIndex} {indices.ClientIndex} {indices.Remaining} {indices.Marks}";

    private static RecordedIndices Indices(Random random) => random.Next(3) == 0 ? default : new RecordedIndices
    {
        ServerIndex = (uint)Long(random),
        ClientIndex = (uint)Long(random),
        Remaining = (uint)Long(random),
        Marks = IndexMarks.IsPresent | (IndexMarks)random.Next((int)IndexMarks.All + 1),
    };

    private static IPEndPoint EndPoint(Random random) => new(Address(random), random.Next(1, 65_536));

    private static IPAddress Address(Random random)
    {
        byte[] bytes = new byte[random.Next(2) == 0 ? 4 : 16];
        random.NextBytes(bytes);
        return random.Next(4) == 0 ? new IPAddress([0xFE, 0x80, .. new byte[6], 1, 2, 3, 4, 5, 6, 7, 8], random.Next(1, 100)) : new IPAddress(bytes);
    }

    private static UInt128 Wide(Random random) => new((ulong)Long(random), (ulong)Long(random));

    // Small, large and extreme ones.
    private static long Long(Random random) => random.Next(6) switch
    {
        0 => random.Next(3) - 1,
        1 => random.Next(300_000),
        2 => random.Next(2) == 0 ? long.MinValue : long.MaxValue,
        _ => random.NextInt64(long.MinValue, long.MaxValue),
    };
}
