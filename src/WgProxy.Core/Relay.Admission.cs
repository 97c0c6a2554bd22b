using System.Runtime.InteropServices;
using WgProxy.Core.Mappings;
using WgProxy.Core.Protocol;

namespace WgProxy.Core;

// What a stranger must pass beyond mac1, and what all strangers together may hold.
public sealed partial class Relay
{
    /// <summary>Why a stranger's initiation is not let in; null if it is. In the order of cost: whoever fails early costs
    /// little.</summary>
    private Verdict? Judge(ReadOnlySpan<byte> initiation, in Source source, int route, Tick now)
    {
        if (IsDenied(source))
        {
            return Verdict.Denied;
        }

        if (_gate.IsReplay(initiation, now))
        {
            return Verdict.Replayed;
        }

        if (_gate.IsLoaded(route, _queues.Count(Proof.Asked), now) && !_gate.IsVerified(initiation, source, now))
        {
            return Verdict.Reply;
        }

        return IsOverShare(source) ? Verdict.OverShare
            : _gate.TryTakePlace(route, _gate.StandingOf(source, now), now) ? null
            : Verdict.ServerLoaded;
    }

    /// <summary>Remembers the cookie with which the server answers an initiation that showed one of ours. A client has room
    /// for one cookie: from now on it shows the server's, which went to its address and to nobody else's, and without this
    /// would be sent ours again, and then the server's, and so on.</summary>
    private void LearnServerCookie(ref Mapping mapping, ReadOnlySpan<byte> reply)
    {
        Span<byte> cookie = stackalloc byte[WireGuard.CookieSize];
        if (mapping.ShownMac1 != default
            && Datagram.ReceiverIndex(DatagramKind.CookieReply, reply) == mapping.ShownIndex
            && _gate.TryOpen(mapping.Route, reply, MemoryMarshal.AsBytes(new ReadOnlySpan<UInt128>(in mapping.ShownMac1)), cookie))
        {
            mapping.ServerCookie = MemoryMarshal.Read<UInt128>(cookie);
        }
    }

    /// <summary>Whether the initiation shows the cookie that the server sent to this mapping.</summary>
    private static bool ShowsServerCookie(in Mapping mapping, ReadOnlySpan<byte> initiation, Tick now)
    {
        if (mapping.ServerCookie == default || now >= mapping.CookieUntil)
        {
            return false;
        }

        const int mac2 = WireGuard.InitiationMac1Offset + WireGuard.MacSize;
        Span<byte> expected = stackalloc byte[WireGuard.MacSize];
        Blake2s.Mac(MemoryMarshal.AsBytes(new ReadOnlySpan<UInt128>(in mapping.ServerCookie)), initiation[..mac2], expected);
        return FixedTime.AreEqual(expected, initiation[mac2..]);
    }

    private bool IsDenied(in Source source) =>
        (!_settings.Allow.IsEmpty && !_settings.Allow.Contains(source)) || _settings.Deny.Contains(source);

    /// <summary>While there is room, nobody counts; then no prefix holds more than its share of what proves nothing.</summary>
    private bool IsOverShare(in Source source) =>
        _live * 4 >= _settings.MaxMappings && _shares.Count(source) >= _settings.PrefixShare;

    private Decision SendCookie(ReadOnlySpan<byte> initiation, in Source source, int route, int slot, Tick now)
    {
        _gate.MakeReply(route, initiation, source, now);
        return Drop(Direction.Uplink, Verdict.Reply, initiation, slot);
    }

    private static bool IsUnproven(Proof proof) => proof is Proof.Asked or Proof.Claimed;
}
