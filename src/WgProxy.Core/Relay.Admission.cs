using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using WgProxy.Core.Admission;
using WgProxy.Core.Mappings;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Core;

// What a stranger must pass beyond mac1, and what all strangers together may hold.
public sealed partial class Relay
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Decision Admit(ReadOnlySpan<byte> initiation, in Source source, int route, Tick now)
    {
        if (_addresses[route].Best(now) is not IPEndPoint server)
        {
            return Drop(Direction.Uplink, Verdict.NoServer, initiation);
        }

        if (Judge(initiation, source, route, now, out Share share) is Verdict refusal)
        {
            return refusal == Verdict.Reply
                ? SendCookie(initiation, source, route, slot: -1, now)
                : Drop(Direction.Uplink, refusal, initiation);
        }

        if (!_life.TryMakeRoomForAsker())
        {
            return Drop(Direction.Uplink, Verdict.TableFull, initiation);
        }

        int slot = AddMapping(source, route, server);
        ref Mapping mapping = ref _mappings[slot];
        _tunnels.Add(slot, route);
        mapping.HasShown = share == Share.Verified;
        mapping.AskedInVain = 1;
        RememberAsking(slot, initiation);
        mapping.Initiations.TryTake(1, InitiationsPerSecond, InitiationBurst, now);
        mapping.UplinkBytes = initiation.Length;
        _life.BeginAsking(slot, share, now);
        Counters.Count(Direction.Uplink, Verdict.Open, 1, initiation.Length);
        return new Decision(Verdict.Open, slot, initiation.Length);
    }

    /// <summary>Why a stranger's initiation is not let in; null if it is. In the order of cost: whoever fails early costs
    /// little.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Verdict? Judge(ReadOnlySpan<byte> initiation, in Source source, int route, Tick now, out Share share)
    {
        share = Share.Unverified;
        if (IsDenied(source))
        {
            return Verdict.Denied;
        }

        if (_gate.IsReplay(initiation, now))
        {
            return Verdict.Replayed;
        }

        // Who showed a cookie lately is let in by a crowd: he may have lost it with a mapping that made room. A loaded
        // server's few places take one shown here and now, since anybody may forge the address of who showed one.
        bool isServerLoaded = _gate.IsServerLoaded(route, InitiationPriority.Newcomer, now);
        bool isOverShare = IsOverShare(source.Prefix, Share.Unverified);
        if (isServerLoaded || IsCrowded() || isOverShare)
        {
            bool isShown = _gate.HasCookie(initiation, source, now) || (!isServerLoaded && _gate.WasVerified(source, now));
            if (!isShown && (isServerLoaded || isOverShare || IsPressed() || !_gate.TrySpare(source, now)))
            {
                return Verdict.Reply;
            }

            share = isShown ? Share.Verified : Share.Unverified;
            if (isShown && IsOverShare(source.Prefix, Share.Verified))
            {
                return Verdict.OverShare;
            }
        }

        return _gate.TryTakePlace(route, _gate.PriorityOf(source, now), source, now) ? null : Verdict.ServerLoaded;
    }

    /// <summary>Whether who has a mapping must show a cookie all the same. While the server is loaded, everybody: the few places
    /// there are for those who can be reached, and forged addresses are many. In a crowd, who is as unanswered as the rest of
    /// it: else the first thousand of a flood would go on asking the server 2,000 times a second.</summary>
    private bool MustShow(in Mapping mapping, Tick now) =>
        _gate.IsServerLoaded(mapping.Route, mapping.Proof >= Proof.Established ? InitiationPriority.Live : InitiationPriority.Newcomer, now)
        || (mapping.Proof == Proof.Asked && IsCrowded());

    /// <summary>Whether the server may be asked to judge one more initiation of a mapping's. A loaded server's limit is for those
    /// who show its own cookie; who shows the relay's is sent the server's, and takes no place there. So a tunnel's initiation
    /// with the relay's cookie passes once in four seconds (WireGuard asks again after five), whatever the places: if the
    /// cookies were forged and the server is not loaded, it answers. A tunnel that was put off twice takes a turn beyond
    /// the places: it is shaped, and not refused until its keys have run out.</summary>
    private bool MayAskServer(int slot, InitiationPriority standing, bool showsServers, Tick now)
    {
        Source source = _mappings[slot].Source;
        int route = _mappings[slot].Route;
        if (standing != InitiationPriority.Live || !_gate.IsServerLoaded(route, standing, now))
        {
            return _gate.TryTakePlace(route, standing, source, now);
        }

        ref MappingExtras aside = ref _mappings.ExtrasOf(slot);
        if (!showsServers && now >= aside.UnjudgedAgain)
        {
            aside.UnjudgedAgain = now + BetweenUnjudged;
            return true;
        }

        bool passes = _gate.TryTakePlace(route, standing, source, now) || (aside.PutOff == MostPutOff && _gate.TryTakeTurn(source, now));
        aside.PutOff = (byte)(passes ? 0 : Math.Min(aside.PutOff + 1, MostPutOff));
        return passes;
    }

    /// <summary>Whether so many ask unanswered that they must show a cookie: more than is usual, or half of what the proven
    /// leave room for, so that a flood cannot displace honest askers faster than the server answers them.</summary>
    private bool IsCrowded()
    {
        int asked = _population.Asked;
        return asked > _settings.LoadedAsked || asked * 2 > _settings.MaxMappings - _population.Proven;
    }

    /// <summary>Whether so many ask that those who pass a crowd unshown would push honest ones out of it.</summary>
    private bool IsPressed()
    {
        int asked = _population.Asked;
        return asked * 2 >= _settings.MaxAsked || asked * 2 > _settings.MaxMappings - _population.Proven;
    }

    /// <summary>Remembers the cookie with which the server answers a client's initiation. A client has room for one cookie:
    /// from now on it shows the server's, which went to its address and to nobody else's, and without this would be sent
    /// ours again, and then the server's, and so on. Whether the initiation was the client's does not matter: the server's
    /// cookie is for the mapping's port.</summary>
    private void LearnServerCookie(int slot, ReadOnlySpan<byte> reply)
    {
        ref Mapping mapping = ref _mappings[slot];
        Span<byte> cookie = stackalloc byte[WireGuard.CookieSize];
        if (Datagram.ReceiverIndex(DatagramKind.CookieReply, reply) == mapping.LastInitiation
            && _gate.TryOpen(mapping.Route, reply, mapping.LastMac1, cookie))
        {
            _mappings.ExtrasOf(slot).ServerCookie = MemoryMarshal.Read<UInt128>(cookie);
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

    private bool IsDenied(in Source source) =>
        (!_settings.Allow.IsEmpty && !_settings.Allow.Contains(source)) || _settings.Deny.Contains(source);

    /// <summary>While there is room, nobody counts; then no prefix holds more than its share of what proves nothing. There is
    /// no room long before askers, or claims, displace each other. A table that fills up is no reason for claims to count: those
    /// that are charged to a site may be strangers'.</summary>
    private bool IsOverShare(Prefix prefix, Share share) =>
        (share == Share.Claimed
            ? _population.Claimed * 2 >= _settings.MaxClaimed
            : _population.Live * 4 >= _settings.MaxMappings || _population.Asked * 2 >= _settings.MaxAsked)
        && _population.Charged(prefix, share) >= _settings.PrefixShare;

    private Decision SendCookie(ReadOnlySpan<byte> initiation, in Source source, int route, int slot, Tick now)
    {
        _gate.MakeReply(route, initiation, source, now);
        return Drop(Direction.Uplink, Verdict.Reply, initiation, slot);
    }
}
