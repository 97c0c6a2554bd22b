namespace WgProxy.Core.Tests.Model;

// Time, events, and what must be equal.
internal sealed partial class Lockstep
{
    private string? Wait(int milliseconds)
    {
        Tick end = Now + milliseconds;
        while (true)
        {
            if (Advance(out Tick next) is string problem)
            {
                return problem;
            }

            if (Now == end)
            {
                return null;
            }

            if (next <= Now)
            {
                return "the next deadline is not later than now, though all that were due have passed";
            }

            Now = Tick.Min(next, end);
        }
    }

    /// <summary>What the relay lets expire must be due, and everything that is due must expire. Among mappings that are
    /// due at one look, the order is the relay's.</summary>
    private string? Advance(out Tick next)
    {
        next = _relay.Advance(Now);
        foreach (RelayEvent change in _relay.Events)
        {
            ReferenceMapping? mapping = Model.Due(Now).FirstOrDefault(mapping => _slots[mapping.Id] == change.Slot);
            if (mapping is null)
            {
                return $"{change.Kind} of slot {change.Slot}: not due";
            }

            Model.Expire(mapping, Now);
        }

        if (Model.Due(Now).FirstOrDefault() is ReferenceMapping due)
        {
            return $"mapping {due.Id} ({due.Proof}) was due at {due.Expires}, it is {Now}";
        }

        Tick earliest = Model.Live.Select(mapping => mapping.Expires).DefaultIfEmpty(Tick.Never).Min();
        return next > earliest ? $"the relay wants to be called at {next}, a mapping ends at {earliest}" : Settle();
    }

    private string? Compare(Decision decision, ReferenceDecision expected)
    {
        ReferenceDecision got = new(decision.Verdict, decision.Slot < 0 ? -1 : IdOf(decision.Slot), decision.Length);
        return got == expected ? null : $"decided {got}, the model {expected}";
    }

    /// <summary>Handles the events as an engine does.</summary>
    private string? Settle()
    {
        (RelayEventKind, int, ushort)[] events = [.. _relay.Events.ToArray().Select(change => (change.Kind, IdOf(change.Slot), change.Port))];
        if (!events.SequenceEqual(Model.Events))
        {
            return $"events {string.Join(' ', events)}, the model {string.Join(' ', Model.Events)}";
        }

        foreach (RelayEvent change in _relay.Events)
        {
            int id = IdOf(change.Slot);
            if (change.Source != SourceOf(_owners[id].Source) || change.Route != _owners[id].Route)
            {
                return $"{change} does not tell the mapping's source and route";
            }

            if (change.EndsMapping)
            {
                _held.Add(id);
            }
            else if (change.Kind == RelayEventKind.OpenFailed)
            {
                Forget(id);
            }
        }

        _relay.ClearEvents();
        Model.Events.Clear();
        while (!_holds && _held.Count > 0)
        {
            int id = _held[0];
            _relay.Release(_slots[id]);
            Model.Release(id);
            _held.RemoveAt(0);
            Forget(id);
        }

        return null;
    }

    private void Forget(int id)
    {
        _invariants.Released(_slots[id]);
        _slots.Remove(id);
        _owners.Remove(id);
    }

    private string? Compare()
    {
        foreach (ReferenceMapping mapping in Model.Live)
        {
            if (_relay.ProofOf(_slots[mapping.Id]) != mapping.Proof)
            {
                return $"mapping {mapping.Id} is {_relay.ProofOf(_slots[mapping.Id])}, the model says {mapping.Proof}";
            }
        }

        foreach (Proof proof in Enum.GetValues<Proof>().Where(proof => proof != Proof.None))
        {
            Model.Counters[$"mappings.{proof}"] = Model.Live.Count(mapping => mapping.Proof == proof);
        }

        foreach ((string name, long value) in _relay.Counters.ToDictionary())
        {
            if (Model.Counters[name] != value)
            {
                return $"{name} is {value}, the model says {Model.Counters[name]}";
            }
        }

        return _invariants.Always();
    }

    private int IdOf(int slot) => _slots.Where(pair => pair.Value == slot).Select(pair => pair.Key).DefaultIfEmpty(-2).Max();
}
