using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using WgProxy.Core.Admission;
using WgProxy.Core.Containers;
using WgProxy.Core.Mappings;
using WgProxy.Core.Protocol;
using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Core;

// Initiations of clients: how one opens a mapping, and what it shows.
internal sealed partial class Relay
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Decision InitiationFromClient(ReadOnlySpan<byte> datagram, in Source source, Tick now)
    {
        int route = Match(datagram, source);
        if (route < 0)
        {
            return RefuseUnmatched(datagram, source, now);
        }

        int slot = _mappings.Find(source, route);
        if (slot < 0)
        {
            return Admit(datagram, source, route, now);
        }

        if (_admission.IsReplay(datagram, now))
        {
            return Drop(Direction.Uplink, Verdict.Replayed, datagram, slot);
        }

        // Initiations with a cookie have a bucket of their own, so that an attacker who forges the client's address cannot use
        // it up. When the common bucket is empty, the relay answers with a cookie.
        ref Mapping mapping = ref _mappings[slot];
        bool showsServers = ShowsServerCookie(slot, datagram, now);
        bool shown = _admission.HasCookie(datagram, source, now) || showsServers;
        if (shown)
        {
            _life.ShowedCookie(slot);
        }

        if (!shown && _admission.MustShow(route, mapping.Proof, now))
        {
            return SendCookie(datagram, source, route, slot, now);
        }

        ref TokenBucket bucket = ref shown ? ref _mappings.ExtrasOf(slot).Shown : ref mapping.Initiations;
        if (!bucket.TryTake(1, InitiationsPerSecond, InitiationBurst, now))
        {
            return shown ? Drop(Direction.Uplink, Verdict.RateLimited, datagram, slot) : SendCookie(datagram, source, route, slot, now);
        }

        InitiationPriority priority = mapping.Proof >= Proof.Established ? InitiationPriority.Live : _admission.PriorityOf(source, now);
        if (!MayAskServer(slot, priority, showsServers, now))
        {
            return Drop(Direction.Uplink, Verdict.ServerLoaded, datagram, slot);
        }

        _admission.Forwarded(datagram.Slice(WireGuard.InitiationMac1Offset, WireGuard.MacSize), now);
        _life.AskedAgain(slot, datagram, now);
        AwaitResponse(slot, now);
        return Forward(Direction.Uplink, slot, HandshakeMessage.Initiation, datagram.Length);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Decision Admit(ReadOnlySpan<byte> initiation, in Source source, int route, Tick now)
    {
        if (_routes[route].Addresses.Best(now) is not IPEndPoint server)
        {
            return Refuse(Verdict.NoServer, initiation, source, route, now);
        }

        if (_admission.Judge(initiation, source, route, now, out Share share) is Verdict refusal)
        {
            return refusal == Verdict.Reply
                ? SendCookie(initiation, source, route, slot: -1, now)
                : Refuse(refusal, initiation, source, route, now);
        }

        if (!_life.TryMakeRoomForAsker())
        {
            return Refuse(Verdict.TableFull, initiation, source, route, now);
        }

        int slot = AddMapping(source, route, server);
        _tunnels.Add(slot, route);
        _mappings[slot].Initiations.TryTake(1, InitiationsPerSecond, InitiationBurst, now);
        _life.BeginAsking(slot, share, initiation, now);
        _life.Passed(Direction.Uplink, slot, 1, initiation.Length);
        Count(route, Direction.Uplink, Verdict.Open, 1, initiation.Length);
        Count(route, Direction.Uplink, HandshakeMessage.Initiation);
        return new Decision(Verdict.Open, slot, initiation.Length);
    }

    // The server's client would wonder why, with the right key.
    private Decision RefuseUnmatched(ReadOnlySpan<byte> initiation, in Source source, Tick now)
    {
        int elsewhere = MatchElsewhere(initiation, source, now);
        if (elsewhere >= 0)
        {
            return Refuse(Verdict.NotServedHere, initiation, source, elsewhere, now);
        }

        _strangers.Refused(source, Verdict.BadMac1, default, now);
        return Drop(Direction.Uplink, Verdict.BadMac1, initiation);
    }

    private Decision Refuse(Verdict verdict, ReadOnlySpan<byte> initiation, in Source source, int route, Tick now)
    {
        _strangers.Refused(source, verdict, _routes.IdAt(route), now);
        return Drop(Direction.Uplink, verdict, initiation, route: route);
    }

    /// <summary>Whether the server may be given one more initiation of a mapping. The wait of a tunnel's initiations is kept beside its
    /// row, and is written only while the server is loaded.</summary>
    private bool MayAskServer(int slot, InitiationPriority priority, bool showsServers, Tick now)
    {
        ref readonly Mapping mapping = ref _mappings[slot];
        return priority == InitiationPriority.Live && _admission.IsServerLoaded(mapping.Route, priority, now)
            ? _admission.TryTakeTunnelToken(mapping.Route, ref _mappings.ExtrasOf(slot).TokenWait, mapping.Source, showsServers, now)
            : _admission.TryTakeToken(mapping.Route, priority, mapping.Source, now);
    }

    /// <summary>Remembers the cookie with which the server answers a client's initiation. A client has room for one cookie, and
    /// from now on it shows the server's. Without this the relay would send its own again, then the server would, and so on.
    /// The server's cookie went to the client's address only. It does not matter whether the initiation was the client's, because
    /// the cookie is for the mapping's port.</summary>
    private void LearnServerCookie(int slot, ReadOnlySpan<byte> reply)
    {
        ref Mapping mapping = ref _mappings[slot];
        Span<byte> cookie = stackalloc byte[WireGuard.CookieSize];
        if (Datagram.ReceiverIndex(DatagramKind.CookieReply, reply) == mapping.LastInitiation
            && _admission.TryOpen(mapping.Route, reply, mapping.LastMac1, cookie))
        {
            _life.KeepCookie(slot, MemoryMarshal.Read<UInt128>(cookie));
        }
    }

    /// <summary>Whether the initiation shows the cookie that the server sent to this mapping.</summary>
    private bool ShowsServerCookie(int slot, ReadOnlySpan<byte> initiation, Tick now)
    {
        if (now >= _mappings.CookieUntil(slot) || _mappings.ExtrasOf(slot).ServerCookie == default)
        {
            return false;
        }

        const int mac2 = WireGuard.InitiationMac1Offset + WireGuard.MacSize;
        Span<byte> expected = stackalloc byte[WireGuard.MacSize];
        Blake2s.Mac(MemoryMarshal.AsBytes(new ReadOnlySpan<UInt128>(in _mappings.ExtrasOf(slot).ServerCookie)), initiation[..mac2], expected);
        return FixedTime.AreEqual(expected, initiation[mac2..]);
    }

    private Decision SendCookie(ReadOnlySpan<byte> initiation, in Source source, int route, int slot, Tick now)
    {
        _admission.MakeReply(route, initiation, source, now);
        return Drop(Direction.Uplink, Verdict.Reply, initiation, slot, route);
    }
}
