namespace WgProxy.Core.Mappings;

// How long a mapping may live, by what it has shown.
internal sealed partial class MappingLifecycle
{
    private void Schedule(int slot, Tick at)
    {
        _mappings[slot].Expires = at;
        _deadlines.NoLaterThan(slot, at);
    }

    /// <summary>The idle timeout of the slot's route: its own, or the relay's.</summary>
    private TimeSpan IdleTimeoutOf(int slot) => _routes[_mappings[slot].Route].Settings.IdleTimeout ?? _settings.IdleTimeout;

    private Tick AskedDeadline(int slot, Tick now)
    {
        Tick retries = Tick.Min(now + _settings.AskedTimeout, _mappings[slot].Answers.AskedSince + _settings.AskedLimit);
        return Tick.Max(retries, _mappings.CookieUntil(slot));
    }

    /// <summary>A claim that asks has as much time for its answer as a stranger has, and as much in all. Asking takes only
    /// the public key, and must not hold a tunnel's few claims for ever.</summary>
    private Tick ClaimAskedDeadline(int slot, Tick now) =>
        Tick.Max(_mappings[slot].Expires, Tick.Min(now + _settings.AskedTimeout, ClaimLimit(slot)));

    private Tick ClaimDeadline(int slot, Tick now) =>
        Tick.Min(Tick.Max(now + _settings.ClaimedTimeout, _mappings.CookieUntil(slot)), ClaimLimit(slot));

    /// <summary>The latest end of a claim, whatever is asked and answered by cookies. If a lingering mapping became a claim by
    /// another tunnel's index under its address, it ends when it would have ended.</summary>
    private Tick ClaimLimit(int slot)
    {
        ref Mapping mapping = ref _mappings[slot];
        Tick inAll = mapping.LastValid + _settings.ClaimedTimeout + _settings.AskedLimit;
        return mapping.HasLingered ? Tick.Min(inAll, LingerLimit(slot)) : inAll;
    }

    private Tick LingerLimit(int slot)
    {
        Tick until = _mappings.ExtrasOf(slot).LingersUntil;
        return Tick.Max(until, Tick.Min(_mappings.CookieUntil(slot), until + _settings.CookieTimeout));
    }
}
