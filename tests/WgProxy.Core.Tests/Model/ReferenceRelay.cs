using System.Buffers.Binary;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Core.Tunnels;
using WgProxy.Core.Engine;
using WgProxy.Logging;

namespace WgProxy.Core.Tests.Model;

/// <summary>
/// The relay, slow and obvious: lists, and a full scan for every question. It is written from the rules of
/// docs/mapping-lifecycle.md and docs/admission.md. Where it and the relay disagree, one of the two is wrong.
/// </summary>
internal sealed partial class ReferenceRelay(RelaySettings settings, ReferenceRules rules, ReferenceRoutes routes, int slots)
{
    private readonly Dictionary<(int Route, uint Index), ReferenceTunnel> _firstOwners = [];
    private ReferenceBucket _probations = new();
    private int _ids;
    private int _order;

    /// <summary>Everything that has a socket and has not ended.</summary>
    public List<ReferenceMapping> Live { get; } = [];

    /// <summary>Ended, but the engine has not closed the socket yet.</summary>
    public List<ReferenceMapping> Closing { get; } = [];

    /// <summary>What changed since the list was cleared.</summary>
    public List<(RelayEventKind Kind, int Id, ushort Port, PeerId Peer)> Events { get; } = [];

    /// <summary>Counters, by the names that the relay's have.</summary>
    public Dictionary<string, long> Counters { get; } = new(CounterNames.Of(new CountersSnapshot(new RelayCounters())), StringComparer.Ordinal);

    /// <summary>What happened that the relay does not count.</summary>
    public SortedDictionary<string, long> Uncounted { get; } =
        new(StringComparer.Ordinal) { ["shown.Theirs"] = 0, ["turns"] = 0, ["spared"] = 0, ["borrowed.Claims"] = 0, ["shared.Claims"] = 0, ["shared.Borrowed"] = 0, ["borrowed.Keys"] = 0, ["found.Claims"] = 0, ["found.Keys"] = 0, ["parted.Claims"] = 0, ["charged.Others"] = 0, ["peers.Named"] = 0, ["peers.Shown"] = 0 };

    public ReferenceDecision FromClient(ReadOnlyMemory<byte> run, int stride, Source source, Tick now)
    {
        if (source.Port == 0 && rules.PortsAreNeeded)
        {
            return Decide(Direction.Uplink, Verdict.NoPort, mapping: null, Datagrams(run, stride).Count(), run.Length);
        }

        ReadOnlyMemory<byte> datagram = Datagrams(run, stride).First();
        return KindOf(datagram.Span) switch
        {
            Kind.Initiation => ClientAsks(datagram, source, now),
            Kind.Response or Kind.Cookie => ClientAnswers(datagram, source, now),
            Kind.Data => ClientSends(run, stride, source, now),
            Kind.WrongLength => Drop(Direction.Uplink, Verdict.BadLength, datagram),
            _ => Drop(Direction.Uplink, Verdict.NotWireGuard, datagram),
        };
    }

    public ReferenceDecision FromServer(int id, ReadOnlyMemory<byte> run, int stride, Tick now)
    {
        ReadOnlyMemory<byte> datagram = Datagrams(run, stride).First();
        ReferenceMapping? mapping = Live.SingleOrDefault(mapping => mapping.Id == id);
        return mapping is null ? Drop(Direction.Downlink, Verdict.Closed, datagram) : KindOf(datagram.Span) switch
        {
            Kind.Initiation => ServerAsks(mapping, datagram, now),
            Kind.Response => ServerAnswers(mapping, datagram, now),
            Kind.Cookie => ServerSendsCookie(mapping, datagram, now),
            Kind.Data => ServerSends(mapping, run, stride, now),
            Kind.WrongLength => Drop(Direction.Downlink, Verdict.BadLength, datagram),
            _ => Drop(Direction.Downlink, Verdict.NotWireGuard, datagram),
        };
    }

    public void Opened(int id, ushort port)
    {
        ReferenceMapping mapping = Live.Single(mapping => mapping.Id == id);
        mapping.Port = port;
        if (mapping.Proof == Proof.Asked)
        {
            RememberForwarded(mapping.LastAsked!.Value.Mac1);
        }

        Tell(RelayEventKind.Opened, mapping);
    }

    public void OpenFailed(int id)
    {
        End(Live.Single(mapping => mapping.Id == id), RelayEventKind.OpenFailed);
        Release(id);
    }

    public void Release(int id) => Closing.RemoveAll(mapping => mapping.Id == id);

    /// <summary>Mappings whose deadline has passed.</summary>
    public IEnumerable<ReferenceMapping> Due(Tick now) => Live.Where(mapping => mapping.Expires <= now);

    /// <summary>Lets a mapping's deadline pass.</summary>
    public void Expire(ReferenceMapping mapping, Tick now)
    {
        bool isOver = mapping.HasLingered && mapping.LingersUntil <= now;
        if (mapping.Proof != Proof.Lingering && mapping.ServerUsedPort && !isOver)
        {
            if (!mapping.HasLingered || rules.HalfALifeProlongs)
            {
                mapping.HasLingered = true;
                mapping.LingersUntil = now + settings.LingerTimeout;
            }

            if (mapping.Proof is Proof.Established or Proof.Confirmed)
            {
                Accepted(mapping.Source, now);
            }

            mapping.Former = mapping.Proof;
            Become(mapping, Proof.Lingering);
            mapping.Expires = mapping.LingersUntil;
            Tell(RelayEventKind.Lingered, mapping);
        }
        else
        {
            End(mapping, RelayEventKind.Expired);
        }
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Datagrams(ReadOnlyMemory<byte> run, int stride)
    {
        do
        {
            int length = Math.Min(stride <= 0 ? run.Length : stride, run.Length);
            yield return run[..length];
            run = run[length..];
        }
        while (!run.IsEmpty);
    }

    private static Kind KindOf(ReadOnlySpan<byte> datagram) => datagram switch
    {
        [1, 0, 0, 0, ..] => datagram.Length == 148 ? Kind.Initiation : Kind.WrongLength,
        [2, 0, 0, 0, ..] => datagram.Length == 92 ? Kind.Response : Kind.WrongLength,
        [3, 0, 0, 0, ..] => datagram.Length == 64 ? Kind.Cookie : Kind.WrongLength,
        [4, 0, 0, 0, ..] => datagram.Length >= 32 ? Kind.Data : Kind.WrongLength,
        _ => Kind.Other,
    };

    /// <summary>The beginning of a run that is data for the receiver of its first datagram.</summary>
    private static (int Datagrams, int Bytes) Alike(ReadOnlyMemory<byte> run, int stride)
    {
        uint receiver = Index(run, 4);
        int[] lengths = [.. Datagrams(run, stride)
            .TakeWhile(datagram => KindOf(datagram.Span) == Kind.Data && Index(datagram, 4) == receiver)
            .Select(datagram => datagram.Length)];
        return (lengths.Length, lengths.Sum());
    }

    private static uint Index(ReadOnlyMemory<byte> datagram, int offset) =>
        BinaryPrimitives.ReadUInt32LittleEndian(datagram.Span[offset..]);

    private ReferenceDecision Drop(Direction direction, Verdict verdict, ReadOnlyMemory<byte> datagram, ReferenceMapping? mapping = null, int? route = null) =>
        Decide(direction, verdict, mapping, 1, datagram.Length, route);

    private ReferenceDecision Decide(Direction direction, Verdict verdict, ReferenceMapping? mapping, int datagrams, int bytes, int? route = null)
    {
        CountFor(mapping?.Route ?? route, $"{direction}.{verdict}", datagrams);
        Counters[$"{(direction == Direction.Uplink ? "uplink" : "downlink")}.{verdict}"] += datagrams;
        if (verdict is Verdict.Forward or Verdict.Open)
        {
            Counters[$"bytes.{direction}"] += bytes;
            CountFor(mapping!.Route, $"bytes.{direction}", bytes);
            mapping!.Up += direction == Direction.Uplink ? bytes : 0;
            mapping.Down += direction == Direction.Downlink ? bytes : 0;
            CountForPeer(mapping, direction, datagrams, bytes);
        }

        return new ReferenceDecision(verdict, mapping?.Id ?? -1, bytes);
    }

    private void Tell(RelayEventKind kind, ReferenceMapping mapping)
    {
        Counters[$"event.{kind}"]++;
        CountFor(mapping.Route, $"event.{kind}", 1);
        Events.Add((kind, mapping.Id, mapping.Port, PeerOf(mapping)));
    }

    private void Become(ReferenceMapping mapping, Proof proof)
    {
        mapping.Proof = proof;
        mapping.Entered = ++_order;
        mapping.Charged = proof == Proof.Claimed ? mapping.Tunnel.Owner : mapping.Charged;
    }

    private enum Kind
    {
        Other,
        WrongLength,
        Initiation,
        Response,
        Cookie,
        Data,
    }
}

/// <summary>A decision of the model: like the relay's, with a mapping's number for its slot.</summary>
internal readonly record struct ReferenceDecision(Verdict Verdict, int Id, int Length, bool IsCongested = false);
