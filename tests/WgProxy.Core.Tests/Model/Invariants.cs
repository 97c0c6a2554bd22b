namespace WgProxy.Core.Tests.Model;

/// <summary>
/// The invariants of the relay, watched from outside: nothing here knows how it decides, only what was sent, what it
/// answered, and what its public face shows. Payloads are the engines'; here a decision covers whole datagrams.
/// </summary>
internal sealed class Invariants(Relay relay, RelaySettings settings)
{
    private readonly Dictionary<int, Held> _held = [];
    private IReadOnlyDictionary<int, Proof> _before = new Dictionary<int, Proof>();

    /// <summary>To be called before every packet.</summary>
    public void Before() => _before = _held.Keys.ToDictionary(slot => slot, slot => relay.ProofOf(slot));

    public string? AfterClient(Source source, int run, int stride, Decision decision)
    {
        if (decision.Verdict == Verdict.Open)
        {
            _held[decision.Slot] = new Held { Source = source, Route = relay.RouteOf(decision.Slot) };
        }

        if (decision.Slot >= 0 && relay.SourceOf(decision.Slot) != source)
        {
            return "a client's packet was joined to another source's slot";
        }

        if (decision.Verdict <= Verdict.Open)
        {
            _held[decision.Slot].Up += decision.Length;
        }

        int[] ended = [.. _before.Where(pair => pair.Value >= Proof.Established && relay.ProofOf(pair.Key) < pair.Value).Select(pair => pair.Key)];
        return ended.Length > 0 ? $"a client's packet ended or lowered proven slot {ended[0]}" : Whole(run, stride, decision);
    }

    public string? AfterServer(int slot, int run, int stride, Decision decision)
    {
        if (decision.Verdict == Verdict.Open || (decision.Verdict == Verdict.Forward && decision.Slot != slot))
        {
            return "a server's packet went to another slot than the one it arrived on";
        }

        _held[slot].Down += decision.Verdict == Verdict.Forward ? decision.Length : 0;
        return Whole(run, stride, decision);
    }

    /// <summary>To be called after everything.</summary>
    public string? Always()
    {
        int[] live = [.. _held.Keys.Where(slot => relay.ProofOf(slot) != Proof.None)];
        if (live.Length > settings.MaxMappings)
        {
            return $"{live.Length} sockets are open, {settings.MaxMappings} may be";
        }

        if (live.Select(slot => (relay.SourceOf(slot), relay.RouteOf(slot).Key)).Distinct().Count() < live.Length)
        {
            return "a source has two live slots on one route";
        }

        foreach (int slot in live)
        {
            Held held = _held[slot];
            held.Answered |= relay.ProofOf(slot) >= Proof.Answered;
            if (relay.SourceOf(slot) != held.Source || relay.RouteOf(slot) != held.Route)
            {
                return $"slot {slot} has changed hands";
            }

            if (!held.Answered && held.Down > held.Up)
            {
                return $"slot {slot} was sent {held.Down} bytes for {held.Up}, and no answer of the server";
            }
        }

        long counted = Enum.GetValues<Proof>().Where(proof => proof != Proof.None).Sum(proof => relay.Counters[proof]);
        return counted == live.Length ? null : $"{live.Length} slots are live, {counted} are counted";
    }

    /// <summary>To be called after a time in which everything ends: each mapping had its one deadline.</summary>
    public string? Drained(Tick next) =>
        _held.Keys.Any(slot => relay.ProofOf(slot) != Proof.None) ? "a mapping outlives every deadline"
        : next != Tick.Never ? "a deadline outlives its mapping"
        : null;

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
}
