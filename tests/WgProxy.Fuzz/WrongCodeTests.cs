using WgProxy.Accounting;
using WgProxy.Configuration;
using WgProxy.Core.Engine.Batching;
using WgProxy.Core.Journal;
using WgProxy.Core.Protocol;
using WgProxy.Core.Tests.Model;
using WgProxy.Fuzz.Fuzzing;
using WgProxy.Fuzz.Plain;
using WgProxy.Fuzz.Targets;
using WgProxy.Linux.Net;
using WgProxy.State;

namespace WgProxy.Fuzz;

/// <summary>The fuzzing itself: code that is wrong in one place is found out by a short run, without the corpus for what
/// is cheap to find and with it for the relay.</summary>
public sealed class WrongCodeTests(ITestOutputHelper output)
{
    public static TheoryData<string> Mistakes => [.. Wrong.Keys];

    private static Dictionary<string, Target> Wrong { get; } = new(StringComparer.Ordinal)
    {
        ["classifier: initiations of 147 bytes"] = new ClassifierTarget(bytes => bytes is [1, 0, 0, 0, ..] && bytes.Length == 147 ? DatagramKind.Initiation : Datagram.Classify(bytes)),
        ["classifier: data of 31 bytes"] = new ClassifierTarget(bytes => bytes is [4, 0, 0, 0, ..] && bytes.Length == 31 ? DatagramKind.Transport : Datagram.Classify(bytes)),
        ["classifier: the last reserved byte is not looked at"] = new ClassifierTarget(bytes => bytes.Length > 3 ? Datagram.Classify([bytes[0], bytes[1], bytes[2], 0, .. bytes[4..]]) : Datagram.Classify(bytes)),
        ["classifier: cookie replies may be longer"] = new ClassifierTarget(bytes => bytes is [3, 0, 0, 0, ..] && bytes.Length > 64 ? DatagramKind.CookieReply : Datagram.Classify(bytes)),
        ["mac: mac1 is compared by 15 bytes"] = new MacTarget(new ShortMac1()),
        ["mac: mac2 is compared by 15 bytes"] = new MacTarget(new ShortMac2()),
        ["mac: a third secret makes cookies"] = new MacTarget(new OldCookies()),
        ["mac: cookies are for any source"] = new MacTarget(new AnySource()),
        ["mac: the hash of a whole block takes one too many"] = new MacTarget(new OneBlockMore()),
        ["cookie: the tag is compared by 15 bytes"] = new CookieTarget(Plainly((reply, mac1, key) => PlainXChaCha.Open(key, reply[8..32], mac1, reply[32..], tagBytes: 15))),
        ["cookie: the cookie is bound to 15 bytes of mac1"] = new CookieTarget(Plainly((reply, mac1, key) =>
            Enumerable.Range(0, 256).Select(last => PlainXChaCha.Open(key, reply[8..32], [.. mac1[..15], (byte)last], reply[32..])).FirstOrDefault(open => open is not null))),
        ["cookie: the type is not looked at"] = new CookieTarget(Plainly((reply, mac1, key) => PlainXChaCha.Open(key, reply[8..32], mac1, reply[32..]), anyType: true)),
        ["control: lengths are cut to 32 bits"] = Parser(PlainControl.Mistakes.LengthsAreCutTo32Bits),
        ["control: lengths beyond the end are taken"] = Parser(PlainControl.Mistakes.LengthsBeyondTheEndAreTaken),
        ["control: nothing is aligned"] = Parser(PlainControl.Mistakes.NothingIsAligned),
        ["control: levels are ignored"] = Parser(PlainControl.Mistakes.LevelsAreIgnored),
        ["control: data that are too short are taken"] = Parser(PlainControl.Mistakes.ShortDataIsTaken),
        ["control: an unknown message ends it"] = Parser(PlainControl.Mistakes.UnknownMessagesEndIt),
        ["control: the first of two counts"] = Parser(PlainControl.Mistakes.TheFirstCounts),
        ["address: every scope counts"] = new AddressTarget((address, local) => Linux.Net.KernelAddress.ToSource(address, local, 51_820) is var source && source.IsIPv4 ? source : WithScope(address, source, local)),
        ["record: any proof is one"] = new RecordTarget((bytes, out record) => MappingRecord.TryRead(bytes.Length > 4 ? [.. bytes[..4], Math.Min(bytes[4], (byte)6), .. bytes[5..]] : bytes, out record)),
        ["record: the last reserved byte is not looked at"] = new RecordTarget((bytes, out record) => MappingRecord.TryRead(bytes.Length > 27 ? [.. bytes[..27], 0, .. bytes[28..]] : bytes, out record)),
        ["record: what follows is not looked at"] = new RecordTarget((bytes, out record) => MappingRecord.TryRead(bytes[..Math.Min(bytes.Length, MappingRecord.Size)], out record)),
        ["config: a comment needs a space before it"] = new ConfigTarget((text, faults) =>
            ConfigText.Parse(string.Concat(text.Select((letter, at) => letter is '#' && at > 0 && char.IsAsciiLetterOrDigit(text[at - 1]) ? '~' : letter)), faults)),
        ["config: a value ends at its second equals sign"] = new ConfigTarget((text, faults) =>
            [.. ConfigText.Parse(text, faults).Select(section => section with { Entries = [.. section.Entries.Select(entry => entry with { Value = entry.Value.Split('=')[0] })] })]),
        ["config: a lone carriage return ends a line"] = new ConfigTarget((text, faults) => ConfigText.Parse(text.Replace('\r', '\n'), faults)),
        ["state: a cell may stand anywhere"] = new StateTarget((cell, number) => StateLayout.Look(cell, 5, out _)),
        ["state: the last byte is not looked at"] = new StateTarget((cell, number) => StateLayout.Look([.. cell[..^1], 0], number, out _)),
        ["state: an empty cell is told by its first word"] = new StateTarget((cell, number) =>
            cell is [0, 0, 0, 0, ..] ? CellContent.Free : StateLayout.Look(cell, number, out _)),
        ["usage: the header's checksum is not looked at"] = new UsageTarget((file, rows) => file.Length < 64 ? -1 : UsageLayout.Read(file, UsageTarget.Day, rows)),
        ["usage: what is cut off is not missed"] = Usage((file, rows) => Math.Min(UsageLayout.Read(file, UsageTarget.Day, rows), (file.Length - 64) / 120)),
        ["usage: the last byte of a row is not looked at"] = Usage((file, rows) =>
            UsageLayout.Read(file.Length > 183 ? [.. file[..183], 0, .. file[184..]] : file, UsageTarget.Day, rows)),
        ["relay: seven pairs"] = new RelayTarget(new ReferenceRules { Pairs = 7 }),
        ["relay: pairs in use make room like others"] = new RelayTarget(new ReferenceRules { UsedPairsStay = false }),
        ["relay: only claims leave for a handshake"] = new RelayTarget(new ReferenceRules { OnlyClaimsPart = true }),
        ["relay: a cookie of the server's shows nothing"] = new RelayTarget(new ReferenceRules { ServerCookieShows = false }),
        ["relay: neighbours are not asked"] = new RelayTarget(new ReferenceRules { NeighboursAreAsked = false }),
        ["relay: a neighbour's keys prove a mapping"] = new RelayTarget(new ReferenceRules { BorrowedKeysProve = true }),
        ["relay: cookies are good for less"] = new RelayTarget(new ReferenceRules { CookiePeriodSeconds = 60 }),
        ["relay: the unproven are sent anything"] = new RelayTarget(new ReferenceRules { NeverMoreThanSent = false }),
        ["relay: claims have no share"] = new RelayTarget(new ReferenceRules { ClaimsAreShared = false }),
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_is_found_by_a_short_run(string mistake)
    {
        Target target = Wrong[mistake];
        Fuzzer fuzzer = new(target, seed: 1);
        Failure? failure = target is RelayTarget ? fuzzer.Load(CorpusFile.Of(target).Select(each => each.Input)) : null;
        failure ??= fuzzer.Run(target.Short, TimeSpan.MaxValue);
        Assert.True(failure is not null, $"{fuzzer.Executions} inputs did not show it");
        output.WriteLine($"{mistake}: after {fuzzer.Executions} inputs: {failure.Reason.Split('\n')[0]}\n{target.Describe(failure.Input)}");
    }

    private static UsageTarget Usage(UsageTarget.Reader read) =>
        new((file, rows) => UsageLayout.FlawOf(file, UsageTarget.Day) is null ? read(file, rows) : -1);

    private static ControlTarget Parser(PlainControl.Mistakes mistake) =>
        new((control, length) => PlainControl.Read(Bytes(control, length), mistake));

    private static unsafe ReadOnlySpan<byte> Bytes(nint address, int length) => new((void*)address, length);

    private static Source WithScope(nint address, Source source, ReadOnlySpan<byte> local)
    {
        // A site-local address is taken for a link-local one.
        ReadOnlySpan<byte> name = Bytes(address, 28);
        return name[8] == 0xFE && name[9] >= 0xC0 ? Source.From([0xFE, 0x80, .. name[10..24]], source.Port, BitConverter.ToUInt32(name[24..]), local) : source;
    }

    private static CookieTarget.Opener Plainly(Func<byte[], byte[], byte[], byte[]?> open, bool anyType = false) => (key, reply, mac1, cookie) =>
    {
        bool isReply = reply.Length == 64 && (anyType || reply is [3, 0, 0, 0, ..]);
        byte[]? text = isReply ? open(reply.ToArray(), mac1.ToArray(), PlainBlake2s.Hash([.. "cookie--"u8, .. key.Bytes])) : null;
        text?.CopyTo(cookie);
        return text is not null;
    };

    private sealed record ShortMac1 : MacTarget.Code
    {
        public override bool Mac1(PublicKey key, byte[] message)
        {
            int offset = message.Length switch { 148 => 116, 92 => 60, _ => -1 };
            byte[] right = [.. message];
            if (offset >= 0)
            {
                new Mac1(key).Write(right);
            }

            return offset >= 0 && right.AsSpan(offset, 15).SequenceEqual(message.AsSpan(offset, 15));
        }
    }

    private sealed record ShortMac2 : MacTarget.Code
    {
        public override bool Mac2(byte[] previous, byte[] current, byte[] message, Source source)
        {
            // Some last byte makes it right.
            byte[] tried = [.. message];
            return message.Length is 148 or 92 && Enumerable.Range(0, 256).Any(last =>
            {
                tried[^1] = (byte)last;
                return base.Mac2(previous, current, tried, source);
            });
        }
    }

    private sealed record OldCookies : MacTarget.Code
    {
        public override bool Mac2(byte[] previous, byte[] current, byte[] message, Source source) =>
            base.Mac2(previous, current, message, source) || base.Mac2([.. current.Select(value => (byte)(value + 77))], current, message, source);
    }

    private sealed record AnySource : MacTarget.Code
    {
        public override bool Mac2(byte[] previous, byte[] current, byte[] message, Source source) =>
            Enumerable.Range(0, 4).Any(number => base.Mac2(previous, current, message, MacTarget.SourceOf((byte)number)));
    }

    private sealed record OneBlockMore : MacTarget.Code
    {
        public override void Hash(byte[] key, byte[] data, Span<byte> digest, bool vectorised) =>
            base.Hash(key, data.Length == 64 && !vectorised ? [.. data, 0] : data, digest, vectorised);
    }
}
