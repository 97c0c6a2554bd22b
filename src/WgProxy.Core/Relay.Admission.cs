using WgProxy.Core.Mappings;

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
