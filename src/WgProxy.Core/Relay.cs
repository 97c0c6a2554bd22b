using System.Net;
using System.Runtime.CompilerServices;
using WgProxy.Core.Admission;
using WgProxy.Core.Mappings;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Core.Tunnels;

namespace WgProxy.Core;

/// <summary>
/// Decides what happens to every datagram, and does nothing else. It performs no I/O, reads no clock, starts no thread and
/// allocates nothing after construction. One owner at a time calls it, and an engine obeys.
/// </summary>
/// <remarks>
/// The engine's part of the contract: on <see cref="Verdict.Open"/> it opens an upstream socket and reports
/// <see cref="Opened"/> or <see cref="OpenFailed"/>; after every call it handles <see cref="Events"/> in order, closes the
/// socket of each mapping that ended, and gives the slot back by <see cref="Release"/> once nothing late can reach it.
/// </remarks>
internal sealed partial class Relay
{
    private readonly RelaySettings _settings;
    private readonly RouteTable _routes;
    private readonly MappingTable _mappings;
    private readonly TunnelTable _tunnels;
    private readonly Roaming _roaming;
    private readonly AdmissionControl _admission;
    private readonly Strangers _strangers;
    private readonly MappingLifecycle _life;

    /// <summary>A relay for these routes.</summary>
    /// <param name="settings">Validated limits and times.</param>
    /// <param name="routes">The servers, now and later. The relay looks there again when it is told to, by <see cref="RouteChanged"/>.</param>
    /// <param name="matcher">What compares an initiation's mac1 with many keys; by default the best that .NET has.</param>
    public Relay(RelaySettings settings, RouteList routes, IMac1Matcher? matcher = null)
    {
        int slots = settings.Slots;
        _settings = settings;
        _routes = new RouteTable(routes, Walk, matcher);
        _mappings = new MappingTable(slots, settings.HashSeed, routes.Capacity);
        _servers = new IPEndPoint?[slots];
        _tunnels = new TunnelTable(_routes, _mappings, Counters, settings.HashSeed);
        _roaming = new Roaming(_routes, _mappings, _tunnels);
        _life = new MappingLifecycle(settings, _routes, _mappings, Counters, new MappingHooks
        {
            ServerAccepted = (slot, now) => _admission!.Accepted(_mappings[slot].Source, now),
            Ending = slot =>
            {
                EndRecord(slot);
                _tunnels.Leave(slot);
            },
            PeerOf = PeerOf,
            OwnerOfTunnel = slot => _tunnels[_mappings[slot].Tunnel].Owner,
        });
        _admission = new AdmissionControl(settings, _routes, _life.Population);
        _strangers = new Strangers(settings.HashSeed);
        KeepRates();
    }

    /// <summary>Everything this relay counts.</summary>
    public RelayCounters Counters { get; } = new();

    /// <summary>Slots that can ever be named; an engine's tables by slot have this length.</summary>
    public int Slots => _mappings.Slots;

    /// <summary>Changes since the last <see cref="ClearEvents"/>, in order. The engine handles them after every call.</summary>
    public ReadOnlySpan<RelayEvent> Events => _life.Events;

    /// <summary>What to send back on <see cref="Verdict.Reply"/>, until the next call.</summary>
    public ReadOnlySpan<byte> Reply => _admission.Reply;

    /// <summary>Forgets the events handled.</summary>
    public void ClearEvents() => _life.ClearEvents();

    /// <summary>The client that owns a slot.</summary>
    public Source SourceOf(int slot) => _mappings[slot].Source;

    /// <summary>The route a slot belongs to.</summary>
    public Route RouteOf(int slot) => _routes[_mappings[slot].Route].Route;

    /// <summary>How far a slot's mapping has come; <see cref="Proof.None"/> if there is none.</summary>
    public Proof ProofOf(int slot) => _mappings[slot].Proof;

    /// <summary>Whether a slot's client has shown a cookie, so that it receives what is sent to its address. Any other answer may wait
    /// in the system for an address that no host has.</summary>
    public bool HasShownCookie(int slot) => _mappings[slot].HasShown;

    /// <summary>How often an index was looked up for a client's datagram.</summary>
    internal long IndexLookUps => _tunnels.LookUps;

    /// <summary>How often one went on in the mappings of a source.</summary>
    internal long MappingsLookedAt => _mappings.Looks;

    /// <summary>How many tunnels were looked at to find those of restored mappings.</summary>
    internal long RestoredLookedAt => _tunnels.RestoredLookedAt;

    /// <summary>How many keys of a route's peers were compared, alone and in steps at all of them.</summary>
    internal (long Alone, long Steps) PeersCompared(RouteId route) => _routes.Find(route)!.Peers.Compared;

    /// <summary>How often a neighbour's table was asked for an index.</summary>
    internal long NeighboursAsked => _roaming.NeighboursAsked;

    /// <summary>Makes relays of one address known to each other: each may from then on read, on its slow path and from its
    /// own thread, what the others have learned. All of them have the same routes, clocks with the same zero, and have decided
    /// about nothing yet.</summary>
    public static void ConnectNeighbours(IReadOnlyList<Relay> relays)
    {
        IndexSketch sketch = new(relays.Count, relays.Sum(relay => relay.Slots), relays[0]._settings.HashSeed);
        Roaming.ConnectNeighbours([.. relays.Select(relay => relay._roaming)], sketch);
    }

    /// <summary>Decides about the beginning of a run that a client sent.</summary>
    /// <param name="run">One datagram, or neighbours that the kernel coalesced.</param>
    /// <param name="stride">Length of each datagram of the run but the last, which may be shorter.</param>
    /// <param name="source">Its sender, and the local address to which it was sent.</param>
    /// <param name="now">The instant of the batch.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public Decision FromClient(ReadOnlySpan<byte> run, int stride, in Source source, Tick now)
    {
        // Port 0 says that no answer is wanted (RFC 768), and no socket can send one there. Such a sender can neither
        // complete a handshake nor show a cookie.
        if (source.Port == 0)
        {
            return DropAll(Verdict.NoPort, slot: -1, DatagramsOf(run, stride), run.Length);
        }

        ReadOnlySpan<byte> datagram = First(run, stride);
        DatagramKind kind = Datagram.Classify(datagram);
        return kind switch
        {
            DatagramKind.NotWireGuard => Drop(Direction.Uplink, Verdict.NotWireGuard, datagram),
            DatagramKind.BadLength => Drop(Direction.Uplink, Verdict.BadLength, datagram),
            DatagramKind.Initiation => InitiationFromClient(datagram, source, now),
            DatagramKind.Transport => TransportFromClient(run, stride, source, now),
            _ => AnswerFromClient(kind, datagram, source, now),
        };
    }

    /// <summary>Decides about the beginning of a run that the server sent to a slot's port.</summary>
    /// <param name="slot">The slot whose upstream socket received it.</param>
    /// <param name="run">One datagram, or neighbours that the kernel coalesced.</param>
    /// <param name="stride">Length of each datagram of the run but the last, which may be shorter.</param>
    /// <param name="now">The instant of the batch.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public Decision FromServer(int slot, ReadOnlySpan<byte> run, int stride, Tick now)
    {
        ReadOnlySpan<byte> datagram = First(run, stride);
        if (_mappings[slot].Proof == Proof.None)
        {
            return Drop(Direction.Downlink, Verdict.Closed, datagram);
        }

        return Datagram.Classify(datagram) switch
        {
            DatagramKind.Initiation => InitiationFromServer(slot, datagram, now),
            DatagramKind.Response => ResponseFromServer(slot, datagram, now),
            DatagramKind.CookieReply => CookieFromServer(slot, datagram, now),
            DatagramKind.Transport => TransportFromServer(slot, run, stride, now),
            DatagramKind.BadLength => Drop(Direction.Downlink, Verdict.BadLength, datagram),
            _ => Drop(Direction.Downlink, Verdict.NotWireGuard, datagram),
        };
    }

    /// <summary>The engine opened the slot's upstream socket.</summary>
    /// <param name="slot">The slot of an <see cref="Verdict.Open"/>.</param>
    /// <param name="port">The socket's local port.</param>
    public void Opened(int slot, ushort port)
    {
        ref readonly Mapping mapping = ref _mappings[slot];
        if (mapping.Proof == Proof.Asked)
        {
            // Only now: the initiation of a client whose socket did not open was not forwarded, and may come again.
            _admission.Forwarded(mapping.LastMac1, mapping.Answers.AskedSince);
        }

        _life.Opened(slot, port);
    }

    /// <summary>The engine could not open the slot's upstream socket: the mapping is gone, the slot free.</summary>
    public void OpenFailed(int slot) => _life.OpenFailed(slot);

    /// <summary>The engine closed the socket of an ended mapping: the slot may serve another.</summary>
    public void Release(int slot) => _life.Release(slot);

    /// <summary>Lets deadlines pass, and continues what a changed route began. Returns the next deadline. Ends and redirects at most
    /// a bounded number of mappings per call; if more are due, the returned instant is not later than <paramref name="now"/>.
    /// </summary>
    public Tick Advance(Tick now)
    {
        _life.Advance(now);
        return _walks > 0 && ContinueWalks(now) ? now : _life.NextDeadline;
    }

    private static ReadOnlySpan<byte> First(ReadOnlySpan<byte> run, int stride) =>
        stride > 0 && stride < run.Length ? run[..stride] : run;

    private static int DatagramsOf(ReadOnlySpan<byte> run, int stride) =>
        stride > 0 && stride < run.Length ? (run.Length + stride - 1) / stride : 1;

    private Decision Drop(Direction direction, Verdict verdict, ReadOnlySpan<byte> datagram, int slot = -1, int route = -1)
    {
        Count(slot < 0 ? route : _mappings[slot].Route, direction, verdict, 1, datagram.Length);
        return new Decision(verdict, slot, datagram.Length);
    }

    private Decision Forward(Direction direction, int slot, int datagrams, int bytes)
    {
        _life.Passed(direction, slot, datagrams, bytes);
        Count(_mappings[slot].Route, direction, Verdict.Forward, datagrams, bytes);
        return new Decision(Verdict.Forward, slot, bytes);
    }

    private Decision Forward(Direction direction, int slot, HandshakeMessage message, int bytes)
    {
        Count(_mappings[slot].Route, direction, message);
        return Forward(direction, slot, 1, bytes);
    }
}
