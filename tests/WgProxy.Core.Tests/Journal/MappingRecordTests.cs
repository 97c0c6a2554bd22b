using System.Net;
using System.Reflection;
using System.Runtime.CompilerServices;
using WgProxy.Core.Journal;
using WgProxy.Core.Tunnels;

namespace WgProxy.Core.Tests.Journal;

/// <summary>A record and its bytes say the same, in both directions; what is not a record is refused.</summary>
public sealed class MappingRecordTests
{
    private const int Tries = 20_000;

    [Fact]
    public void A_record_is_read_back_as_it_was_written()
    {
        Random random = new(1);
        Span<byte> bytes = stackalloc byte[MappingRecord.Size];
        for (int i = 0; i < Tries; i++)
        {
            MappingRecord record = AnyRecord.Of(random);
            random.NextBytes(bytes);
            record.Write(bytes);
            Assert.True(MappingRecord.TryRead(bytes, out MappingRecord read), $"try {i}");
            Assert.Equal(AnyRecord.Describe(record), AnyRecord.Describe(read));
        }
    }

    [Fact]
    public void Bytes_are_refused_or_written_again_as_they_were()
    {
        Random random = new(2);
        byte[] bytes = new byte[MappingRecord.Size];
        byte[] written = new byte[MappingRecord.Size];
        (int read, int refused) = (0, 0);
        for (int i = 0; i < Tries; i++)
        {
            AnyRecord.Of(random).Write(bytes);
            for (int changes = random.Next(1, 4); changes > 0; changes--)
            {
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            }

            if (MappingRecord.TryRead(bytes, out MappingRecord record))
            {
                // A record of version 1 is written as one of version 2.
                record.Write(written);
                Assert.Equal(bytes[4..], written[4..]);
                Assert.True(bytes[0] == 1 || bytes.AsSpan().SequenceEqual(written));
                read++;
            }
            else
            {
                Assert.Equal(AnyRecord.Describe(default), AnyRecord.Describe(record));
                refused++;
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{read} read, {refused} refused");
        Assert.True(read > Tries / 4 && refused > Tries / 10);
    }

    [Fact]
    public void Random_bytes_of_any_length_are_refused()
    {
        Random random = new(3);
        for (int i = 0; i < Tries; i++)
        {
            byte[] bytes = new byte[i % 3 == 0 ? MappingRecord.Size : random.Next(2 * MappingRecord.Size)];
            random.NextBytes(bytes);
            Assert.False(MappingRecord.TryRead(bytes, out _));
        }
    }

    [Fact]
    public void Another_version_or_size_is_refused()
    {
        byte[] bytes = Written(AnyRecord.Of(new Random(4)));
        Assert.True(MappingRecord.TryRead(bytes, out _));
        Assert.False(MappingRecord.TryRead(bytes.AsSpan(..^1), out _));
        Assert.False(MappingRecord.TryRead([.. bytes, 0], out _));
        bytes[0] = 3;
        Assert.False(MappingRecord.TryRead(bytes, out _));
    }

    // An upgrade keeps the tunnels that there are.
    [Fact]
    public void A_record_of_version_1_is_read_without_a_local_port()
    {
        MappingRecord record = AnyRecord.Of(new Random(8));
        byte[] bytes = Written(record);
        new byte[] { 1, 0, 0x38, 2 }.CopyTo(bytes, 0);
        Assert.True(MappingRecord.TryRead(bytes, out MappingRecord read));
        record.Source = record.Source.To(localPort: 0);
        Assert.Equal(AnyRecord.Describe(record), AnyRecord.Describe(read));
        bytes[2]++;
        Assert.False(MappingRecord.TryRead(bytes, out _));
    }

    [Theory]
    [InlineData(Proof.Confirmed, Proof.None, true)]
    [InlineData(Proof.Confirmed, Proof.Claimed, true)]
    [InlineData(Proof.Confirmed, Proof.Lingering, false)]
    [InlineData(Proof.Lingering, Proof.Asked, true)]
    [InlineData(Proof.Lingering, Proof.Lingering, false)]
    [InlineData(Proof.Lingering, Proof.None, false)]
    public void What_lingers_has_a_proof_to_return_to(Proof proof, Proof former, bool isRead)
    {
        byte[] bytes = Written(AnyRecord.Of(new Random(6)) with { Proof = proof, Former = former });
        Assert.Equal(isRead, MappingRecord.TryRead(bytes, out _));
    }

    [Fact]
    public void Nothing_happened_after_the_record_was_written()
    {
        MappingRecord record = AnyRecord.Of(new Random(7)) with { AskedAgo = -5_000, ValidAgo = long.MinValue };
        MappingRecord aged = record.AgedBy(70);
        Assert.Equal((70, 70), (aged.AskedAgo, aged.ValidAgo));
    }

    // What stands in files and in stores stays readable: these offsets are the contract of version 2.
    [Fact]
    public void Each_field_has_its_offset()
    {
        MappingRecord record = default;
        ((Span<byte>)record.Route).Fill(0xA1);
        record.Source = Source.From(new IPEndPoint(IPAddress.Parse("fe80::1%7"), 0x1234), IPAddress.Parse("192.0.2.9"), 0x5678);
        record.Server = new IPEndPoint(IPAddress.Parse("192.0.2.1"), 51_820);
        (record.Proof, record.Former, record.Admitted) = (Proof.Confirmed, Proof.Answered, Share.Verified);
        record.Marks = RecordMarks.ServerUsedPort | RecordMarks.IsInUse;
        (record.UpstreamPort, record.UpstreamLocal) = (0xABCD, 1);
        record.Written = new JournalInstant(2, 3, 4);
        (record.ExpiresIn, record.AskedAgo, record.ValidAgo, record.LingersFor, record.CookieFor) = (5, 6, 7, 8, 9);
        (record.UplinkBytes, record.DownlinkBytes, record.Charged) = (10, 11, 12);
        (record.LastMac1, record.ServerCookie) = (13, 14);
        (record.LastInitiation, record.ProbationIndex) = (15, 18);
        (record.InitiationCount, record.NextInitiation, record.Initiations[7]) = (8, 7, 19);
        (record.Tunnel.Identity, record.Tunnel.Owner, record.Tunnel.NextQuestion, record.Tunnel.Members) = (20, 21, 6, 5);
        record.Tunnel.Peer = 0x1122334455667788;
        record.Tunnel.Pairs[1] = new RecordedIndices { ServerIndex = 22, ClientIndex = 23, Remaining = 24, Marks = IndexMarks.IsPresent | IndexMarks.IsUsed };
        record.Tunnel.Questions[7] = new RecordedIndices { ServerIndex = 25, Marks = IndexMarks.IsPresent | IndexMarks.NamedHere };

        byte[] expected = new byte[568];
        void Put(int at, params byte[] bytes) => bytes.CopyTo(expected, at);
        Put(0, 2, 0, 0x78, 0x56, 6, 4, 2, 8, 7, 6, 1, 1, 0x34, 0x12, 0xCD, 0xAB, 7);
        Put(24, 0x6C, 0xCA);
        Put(32, [.. Enumerable.Repeat((byte)0xA1, 32)]);
        Put(64, 0xFE, 0x80);
        Put(79, 1);
        Put(90, 0xFF, 0xFF, 192, 0, 2, 9);
        Put(106, 0xFF, 0xFF, 192, 0, 2, 1);
        Put(127, 1);
        Put(143, 2);
        for (byte i = 0; i < 10; i++)
        {
            Put(144 + (8 * i), (byte)(i + 3));
        }

        Put(26, 5);
        Put(28, 20);
        Put(224, 21);
        Put(247, 13);
        Put(263, 14);
        Put(264, 15);
        Put(268, 18);
        Put(300, 19);
        Put(320, 22);
        Put(324, 23);
        Put(328, 24);
        Put(332, 3);
        Put(544, 25);
        Put(556, 5);
        Put(560, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11);
        Assert.Equal(Convert.ToHexString(expected), Convert.ToHexString(Written(record)));
    }

    [Fact]
    public void Writing_allocates_nothing()
    {
        byte[] bytes = Written(AnyRecord.Of(new Random(5)));
        Assert.True(MappingRecord.TryRead(bytes, out MappingRecord record));
        Assert.Equal(0, Allocated.InBestOf(3, () => record.Write(bytes)));
    }

    /// <summary>So that a new field is not forgotten above, nor in the layout.</summary>
    [Fact]
    public void Every_field_is_known_to_these_tests()
    {
        Assert.Equal(26, Fields(typeof(MappingRecord)));
        Assert.Equal(7, Fields(typeof(TunnelRecord)));
        Assert.Equal(4, Fields(typeof(RecordedIndices)));
        Assert.Equal(3, Fields(typeof(JournalInstant)));
        Assert.Equal((int)RecordMarks.All, Enum.GetValues<RecordMarks>().Where(mark => mark != RecordMarks.All).Sum(mark => (int)mark));
        Assert.Equal((int)IndexMarks.All, Enum.GetValues<IndexMarks>().Where(mark => mark != IndexMarks.All).Sum(mark => (int)mark));
        Assert.Equal(Tunnel.MaxPairs, TunnelRecord.Positions);
        TestContext.Current.TestOutputHelper?.WriteLine($"{Unsafe.SizeOf<MappingRecord>()} bytes in memory");
    }

    private static int Fields(Type type) => type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Length;

    private static byte[] Written(in MappingRecord record)
    {
        byte[] bytes = new byte[MappingRecord.Size];
        record.Write(bytes);
        return bytes;
    }
}
