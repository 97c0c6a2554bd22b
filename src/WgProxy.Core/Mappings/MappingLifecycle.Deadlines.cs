namespace WgProxy.Core.Mappings;

// How long a mapping may live, by what it has shown.
internal sealed partial class MappingLifecycle
{
    private void Schedule(int slot, Tick at)
    {
        _mappings[slot].Expires = at;
        _deadlines.NoLaterThan(slot, at);
    }

    private Tick AskedDeadline(int slot, Tick now)
    {
        Tick retries = Tick.Min(now + _settings.AskedTimeout, _mappings[slot].Answers.AskedSince + _settings.AskedLimit);
        return Tick.Max(retries, _mappings.CookieUntil(slot));
    }

    /// <summary>A claim that asks has as long for its answer as a stranger has, and as long in all: asking takes nothing
    /// but the public key, and must not hold a tunnel's few claims for ever.</summary>
    private Tick ClaimAskedDeadline(int slot, Tick now) =>
        Tick.Max(_mappings[slot].Expires, Tick.Min(now + _settings.AskedTimeout, ClaimLimit(slot)));

    private Tick ClaimDeadline(int slot, Tick now) =>
        Tick.Min(Tick.Max(now + _settings.ClaimedTimeout, _mappings.CookieUntil(slot)), ClaimLimit(slot));

    /// <summary>Beyond this no claim lives, whatever is asked and answered by cookies. One that lingered when somebody came with
    /// another tunnel's index under its address lives no longer than it would have lingered.</summary>
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
