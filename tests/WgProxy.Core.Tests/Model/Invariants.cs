using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests.Model;

/// <summary>
/// The invariants of the relay, watched from outside: nothing here knows how it decides, only what was sent, what it
/// answered, and what its public face shows. Payloads are the engines'; here a decision covers whole datagrams.
/// </summary>
internal sealed class Invariants(Relay relay, RelaySettings settings)
{
    private Relay _relay = relay;
    private Dictionary<int, Held> _held = [];
    private readonly Dictionary<Source, Stranger> _strangers = [];
    private readonly HashSet<Prefix> _accepted = [];
    private long _askedBefore;
    private IReadOnlyDictionary<int, Proof> _before = new Dictionary<int, Proof>();

    /// <summary>To be called before every packet.</summary>
    public void Before()
    {
        _before = _held.Keys.ToDictionary(slot => slot, slot => _relay.ProofOf(slot));
        _askedBefore = _relay.Counters[Proof.Asked];
    }

    public string? AfterClient(Source source, ReadOnlySpan<byte> run, int stride, Decision decision, bool shown, Tick now)
    {
        Stranger stranger = _strangers.TryGetValue(source, out Stranger? met) ? met : _strangers[source] = new Stranger();
        stranger.Up += decision.Length;
        stranger.Down += decision.Verdict == Verdict.Reply ? _relay.Reply.Length : 0;
        stranger.Shown = shown ? now : stranger.Shown;
        if (decision.Verdict == Verdict.Open && run[0] == 1 && _askedBefore > settings.LoadedAsked && !(now - stranger.Shown < 180_000)
            && (_askedBefore * 2 >= settings.MaxAsked || !_accepted.Contains(source.Prefix)))
        {
            return "a stranger opened a mapping under load, though it never showed a cookie, and the server never accepted its address";
        }

        if (decision.Verdict == Verdict.Open)
        {
            _held[decision.Slot] = new Held { Source = source, Route = _relay.RouteOf(decision.Slot) };
        }

        if (decision.Slot >= 0 && _relay.SourceOf(decision.Slot) != source)
        {
            return "a client's packet was joined to another source's slot";
        }

        if (decision.Verdict <= Verdict.Open)
        {
            _held[decision.Slot].Up += decision.Length;
        }

        int[] ended = [.. _before.Where(pair => pair.Value >= Proof.Established && _relay.ProofOf(pair.Key) < pair.Value).Select(pair => pair.Key)];
        return ended.Length > 0 ? $"a client's packet ended or lowered proven slot {ended[0]}" : Whole(run.Length, stride, decision);
    }

    public string? AfterServer(int slot, ReadOnlySpan<byte> run, int stride, Decision decision, Tick now)
    {
        if (decision.Verdict == Verdict.Open || (decision.Verdict == Verdict.Forward && decision.Slot != slot))
        {
            return "a server's packet went to another slot than the one it arrived on";
        }

        int sent = decision.Verdict == Verdict.Forward ? decision.Length : 0;
        _held[slot].Down += sent;
        Stranger stranger = _strangers[_held[slot].Source];
        stranger.Down += sent;
        stranger.Shown = sent == 64 && run[0] == 3 ? now : stranger.Shown;
        return Whole(run.Length, stride, decision);
    }

    /// <summary>To be called after everything.</summary>
    public string? Always()
    {
        int[] live = [.. _held.Keys.Where(slot => _relay.ProofOf(slot) != Proof.None)];
        if (live.Length > settings.MaxMappings)
        {
            return $"{live.Length} sockets are open, {settings.MaxMappings} may be";
        }

        if (live.Select(slot => (_relay.SourceOf(slot), _relay.RouteOf(slot).Key)).Distinct().Count() < live.Length)
        {
            return "a source has two live slots on one route";
        }

        foreach (int slot in live)
        {
            Held held = _held[slot];
            held.Answered |= _relay.ProofOf(slot) >= Proof.Answered;
            _strangers[held.Source].Answered |= held.Answered;
            if (_relay.ProofOf(slot) >= Proof.Established)
            {
                _accepted.Add(held.Source.Prefix);
            }

            if (_relay.SourceOf(slot) != held.Source || !_relay.RouteOf(slot).Key.Equals(held.Route.Key))
            {
                return $"slot {slot} has changed hands";
            }

            if (!held.Answered && held.Down > held.Up)
            {
                return $"slot {slot} was sent {held.Down} bytes for {held.Up}, and no answer of the server";
            }
        }

        if (_strangers.FirstOrDefault(pair => !pair.Value.Answered && pair.Value.Down > pair.Value.Up) is { Value: not null } victim)
        {
            return $"{victim.Key} was sent {victim.Value.Down} bytes for {victim.Value.Up}, and no answer of the server";
        }

        long counted = Enum.GetValues<Proof>().Where(proof => proof != Proof.None).Sum(proof => _relay.Counters[proof]);
        return counted == live.Length ? null : $"{live.Length} slots are live, {counted} are counted";
    }

    /// <summary>To be called after a time in which everything ends: each mapping had its one deadline.</summary>
    public string? Drained(Tick next) =>
        _held.Keys.Any(slot => _relay.ProofOf(slot) != Proof.None) ? "a mapping outlives every deadline"
        : next != Tick.Never ? "a deadline outlives its mapping"
        : null;

    /// <summary>Another relay goes on, in which these slots are others.</summary>
    public void Restarted(Relay successor, IReadOnlyDictionary<int, int> slots)
    {
        _relay = successor;
        _held = slots.ToDictionary(slot => slot.Value, slot => _held[slot.Key]);
    }

    /// <summary>The slot was given back.</summary>
    public void Released(int slot) => _held.Remove(slot);

    private static string? Whole(int run, int stride, Decision decision)
    {
        bool whole = decision.Length == run || (stride > 0 && decision.Length > 0 && decision.Length < run && decision.Length % stride == 0);
        return whole ? null : $"a decision about {decision.Length} bytes of a run of {run} with stride {stride}";
    }

    private sealed class Held
    {
        public Source Source { get; init; }

        public required Route Route { get; init; }

        public long Up { get; set; }

        public long Down { get; set; }

        public bool Answered { get; set; }
    }

    /// <summary>A source, whatever mappings it has: all it sent, all it was sent, and when it last showed a cookie of the
    /// relay, or was sent one by the server.</summary>
    private sealed class Stranger
    {
        public long Up { get; set; }

        public long Down { get; set; }

        public bool Answered { get; set; }

        public Tick? Shown { get; set; }
    }
}
