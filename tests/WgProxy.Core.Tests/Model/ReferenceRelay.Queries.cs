namespace WgProxy.Core.Tests.Model;

// What the model says of itself to who asks.
internal sealed partial class ReferenceRelay
{
    /// <summary>A mapping as a query in this turn is told it, but for the number of its tunnel.</summary>
    public ReferenceStatus StatusOf(ReferenceMapping mapping, int slot) => new(
        new MappingStatus(
            slot,
            mapping.Source,
            routes.IdOf(mapping.Route),
            rules.StatusesShowFormerProof ? mapping.InitiationPriority : mapping.Proof,
            mapping.Port,
            mapping.Server,
            Tunnel: 0,
            mapping.LastValid,
            mapping.Expires,
            rules.BytesCountOnceProven && !mapping.WasAnswered ? 0 : mapping.Up,
            mapping.Down,
            rules.OnlyNewcomersShow ? mapping.MustShow == true : mapping.HasShown,
            mapping.IsUnanswered) { Peer = PeerOf(mapping) },
        mapping.Tunnel);

    /// <summary>Counts mappings by proof, all and of each route.</summary>
    public void CountLive(IReadOnlyList<Proof> proofs)
    {
        foreach (Proof proof in proofs)
        {
            Counters[$"mappings.{proof}"] = Live.Count(mapping => mapping.Proof == proof);
            foreach (int route in Kept)
            {
                _routeCounts[(route, $"mappings.{proof}")] = Live.Count(mapping => mapping.Proof == proof && mapping.Route == route);
            }
        }
    }

    /// <summary>Whether a query is told what was counted for the route.</summary>
    public bool Shows(int route) => _at.ContainsValue(route) && (rules.RemovedRoutesAreShown || !_ending.Contains(route));

    /// <summary>What a query that has room for so many mappings is told, when it visits slots from this one on, so many in a turn.</summary>
    /// <param name="turns">The mappings there were in each of its turns.</param>
    /// <param name="slot">The first slot.</param>
    /// <param name="room">For how many mappings there is room.</param>
    /// <param name="perTurn">How many slots a turn visits.</param>
    /// <param name="firstSlot">The number of the relay's first slot.</param>
    /// <param name="next">The first slot that was not visited for want of room; −1 if all were visited.</param>
    /// <returns>The mappings, each with its turn; null if it should have taken another number of turns.</returns>
    public List<(ReferenceStatus Status, int Turn)>? Answer(
        IReadOnlyList<IReadOnlyList<ReferenceStatus>> turns, int slot, int room, int perTurn, int firstSlot, out int next)
    {
        List<(ReferenceStatus Status, int Turn)> told = [];
        int turn = 0;
        bool isOver = false;
        for (; turn < turns.Count && !isOver; turn++)
        {
            int end = room == told.Count ? slot : Math.Min(slots, slot + perTurn + rules.MoreSlotsPerTurn);
            isOver = room == told.Count;
            foreach (ReferenceStatus status in turns[rules.QueriesShowOneMoment ? 0 : turn]
                .Where(status => status.Status.Slot >= firstSlot + slot && status.Status.Slot < firstSlot + end)
                .OrderBy(status => status.Status.Slot).Take(room - told.Count))
            {
                told.Add((status, turn));
            }

            slot = told.Count == room && !isOver ? told[^1].Status.Status.Slot + 1 - firstSlot : end;
            isOver |= slot < end || slot >= slots;
        }

        next = slot < slots && !rules.FullAnswersAreLast ? firstSlot + slot : -1;
        return isOver && turn == turns.Count ? told : null;
    }
}

/// <summary>What the model says of a mapping in a turn.</summary>
/// <param name="Status">As the relay should say it, without the number of the tunnel: which that is, is the relay's business.</param>
/// <param name="Tunnel">Its tunnel.</param>
internal readonly record struct ReferenceStatus(MappingStatus Status, ReferenceTunnel Tunnel);
