using WgProxy.Core.Engine.Batching;
using WgProxy.Core.Routes;
using WgProxy.Core.Tests.Model;
using WgProxy.Core.Tunnels;

namespace WgProxy.Fuzz.Targets;

/// <summary>
/// Reads bytes as a sequence. Any bytes mean something: eight of settings, then records of four — what happens, to which
/// source and route, and two operands. Records have one size, so that mutation can move them about whole.
/// </summary>
internal sealed class RelayInput
{
    public const int Head = 8;
    public const int Record = 4;

    private static readonly int[] Lengths = [32, 32, 32, 32, 32, 32, 32, 32, 48, 148, 1_452, 60_000, 33, 64, 1 << 18, (4 << 20) - 100];
    private static readonly int[] OddLengths = [0, 1, 3, 4, 15, 16, 31, 32, 63, 64, 65, 91, 92, 93, 147, 148, 149, 1_452];
    private static readonly int[] Times = [1, 20, 500, 1_000, 2_000, 5_000, 15_000, 30_000, 60_000, 100_000, 120_000, 130_000, 180_000, 190_000, 300_000, 600_000];
    private static readonly string[] Macs = ["", "ours", "theirs", "others"];
    private static readonly string[] Seals = ["genuine", "astray", ""];
    private static readonly string[] Switches = ["refuse", "hold", "release", "unresolve", "resolve"];

    private readonly byte[] _input;
    private readonly List<Step> _steps = [];
    private readonly Queue<Step> _queue = new();
    private int _at = Head;

    public RelayInput(byte[] input)
    {
        _input = input;
        byte[] head = new byte[Head];
        input.AsSpan(0, Math.Min(Head, input.Length)).CopyTo(head);
        int routes = 1 + (head[0] & 1);
        Sequence = new Sequence(
            routes,
            new RelaySettings
            {
                MaxMappings = 6 + (head[1] % 7),
                MaxAsked = 3 + (head[2] % 3),
                MaxClaimed = (head[2] & 16) != 0 ? 6 : 3,
                IdleTimeout = TimeSpan.FromSeconds((head[3] & 3) switch { 0 => 300, 1 => 60, 2 => 20, _ => 1 }),
                Adopt = routes == 1 && (head[0] & 8) != 0,
                LoadedAsked = (head[4] & 3) == 0 ? 1_024 : head[4] & 3,
                PrefixShare = ((head[4] >> 4) & 3) == 0 ? 64 : (head[4] >> 4) & 3,
                Allow = (head[5] & 1) != 0 ? Sequence.Allowed : AddressList.Empty,
                Deny = (head[5] & 2) != 0 ? Sequence.Denied : AddressList.Empty,
                HashSeed = (head[6], 0),
                CookieSeed = (0, head[6]),
            },
            []) { Workers = 1 + ((head[0] >> 1) & 3) % 3 };
    }

    /// <summary>The settings, and no step.</summary>
    public Sequence Sequence { get; }

    /// <summary>What has been read so far.</summary>
    public IReadOnlyList<Step> Steps => _steps;

    /// <summary>The next step; null at the end. The model is asked what is known, so that bytes can name it.</summary>
    public Step? Next(Lockstep both)
    {
        if (_queue.Count == 0)
        {
            if (_at + Record > _input.Length)
            {
                return null;
            }

            ReadOnlySpan<byte> record = _input.AsSpan(_at, Record);
            _at += Record;
            foreach (Step next in Read(record[0], record[1], record[2], record[3], both))
            {
                _queue.Enqueue(next);
            }
        }

        Step step = _queue.Dequeue();
        _steps.Add(step);
        return step;
    }

    private IEnumerable<Step> Read(byte what, byte whom, byte first, byte second, Lockstep both)
    {
        int source = (whom & 15) % 12;
        int route = (whom >> 4) & 1 & (Sequence.Routes - 1);
        int sealedFor = whom >= 224 ? -1 : route;
        ReferenceMapping? mapping = both.Live.FirstOrDefault(mapping => mapping.Source == Lockstep.SourceOf(source) && mapping.Route == route);
        uint server = Index(0x5000, first, mapping, pair => pair.Server, ask => ask.Server);
        uint client = Index(0xC000, first, mapping, pair => pair.Client, ask => ask.Client ?? 0xC0FF);
        int length = Lengths[second & 15];
        int times = 1 + ((what >> 4) & 7);
        return (what & 15) switch
        {
            // Somebody asks again and again, each time with another body; and a whole handshake, up to how far it comes.
            2 when second < 4 => Enumerable.Range(0, times).Select(i => Step.Client(source, Message.Ask(sealedFor, client + (uint)i, (uint)(0x100 + (_steps.Count * 8) + i), Macs[second & 3]))),
            3 => ((Step[])
            [
                Step.Client(source, Message.Ask(route, client, (uint)(0x1000 + _steps.Count))),
                Step.Server(source, route, Message.Answer(-1, 0x5000 + (uint)(second & 15), client)),
                Step.Client(source, Message.Data(0x5000 + (uint)(second & 15))),
                Step.Server(source, route, Message.Data(client)),
            ]).Take(1 + (times % 4)),
            _ => [One(what, source, route, sealedFor, whom, first, second, server, client, length, both)],
        };
    }

    private Step One(
        byte what, int source, int route, int sealedFor, byte whom, byte first, byte second, uint server, uint client, int length, Lockstep both) =>
        (what & 15) switch
        {
            0 or 1 => Step.Client(source, Message.Data(server, length)),
            2 => Step.Client(source, Message.Ask(sealedFor, client, (uint)second >> 2, Macs[second & 3])),
            4 => Step.Client(source, Message.Answer(sealedFor, 0xC000 + (uint)(second & 15), server)),
            5 => Step.Client(source, Message.Cookie(server)),
            6 or 7 => Step.Server(source, route, Message.Data(client, length)),
            8 => Step.Server(source, route, Message.Ask(-1, server)),
            9 => Step.Server(source, route, Message.Answer(-1, 0x5000 + (uint)(second & 15), client)),
            10 => Step.Server(source, route, Message.Cookie(client, Seals[second % Seals.Length])),
            11 => Step.Wait(Time(first, second, both)),
            12 => new Step((whom & 1) == 0 ? "late" : "sleep", Time(first, second, both)),
            13 => Odd(whom, source, route, first, second),
            14 => Run(first, second),
            _ => Switch(first, second, source, route),
        };

    /// <summary>One of sixteen; or one that the mapping's tunnel knows.</summary>
    private static uint Index(
        uint kind, byte number, ReferenceMapping? mapping, Func<ReferenceTunnel.Pair, uint> ofPair, Func<ReferenceTunnel.Ask, uint> ofAsk)
    {
        uint[] known = mapping is null || number < 192 ? [] : [.. mapping.Tunnel.Pairs.Select(ofPair), .. mapping.Tunnel.Asks.Select(ofAsk)];
        return known.Length > 0 ? known[number % known.Length] : kind + (uint)(number & 15);
    }

    /// <summary>A time that means something, or to a mapping's deadline; a millisecond more or less.</summary>
    private static int Time(byte first, byte second, Lockstep both)
    {
        IReadOnlyList<ReferenceMapping> live = both.Live;
        long time = first >= 128 && live.Count > 0 ? live[first % live.Count].Expires - both.Now : Times[first & 15];
        return (int)Math.Clamp(time + (second % 3) - 1, 0, 600_000);
    }

    /// <summary>A type and reserved bytes that are nobody's, or a length.</summary>
    private static Step Odd(byte whom, int source, int route, byte first, byte second)
    {
        uint header = (uint)(first & 7) | (first >= 128 ? 1u << (8 + (first & 15)) : 0);
        Message message = Message.Bytes(header, OddLengths[second % OddLengths.Length]);
        return whom >= 128 ? Step.Server(source, route, message) : Step.Client(source, message);
    }

    /// <summary>The packet before once more, as a run: the same again and again, or with something else at its end.</summary>
    private Step Run(byte first, byte second)
    {
        Step? packet = _steps.LastOrDefault(step => step.Run.Count > 0 && step.Run[0].Length is >= 16 and < 70_000);
        if (packet is null)
        {
            return Step.Wait(0);
        }

        Message one = packet.Run[0];
        IEnumerable<Message> again = Enumerable.Repeat(one, 1 + (first & 3));
        Message last = one.Kind is "data" && (second & 3) == 1 ? one with { Length = 32 }
            : one.Kind is "data" && (second & 3) == 2 ? one with { Receiver = one.Receiver + 1 }
            : one;
        return packet with { Run = [.. again, last] };
    }

    private Step Switch(byte first, byte second, int source, int route) => first >= 128
        ? new Step("closed", source, route, [Message.Data(0xC000 + (uint)(second & 15))])
        : new Step(Switches[first % Switches.Length], second & 1 & (Sequence.Routes - 1));
}
