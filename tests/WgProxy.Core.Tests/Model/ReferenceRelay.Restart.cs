namespace WgProxy.Core.Tests.Model;

// What is left when a relay goes and another is made from the records of its mappings.
internal sealed partial class ReferenceRelay
{
    /// <summary>Mappings in the order in which they are recorded: as they came to their proof.</summary>
    public IReadOnlyList<ReferenceMapping> Recorded => [.. Live.OrderBy(mapping => mapping.Entered)];

    /// <summary>The relay is gone, and with it all that is not in a record of a mapping.</summary>
    public void Stop()
    {
        Closing.Clear();
        Events.Clear();
        foreach (string name in Counters.Keys.ToArray())
        {
            Counters[name] = 0;
        }

        _verified.Clear();
        _known.Clear();
        _serverLoadedUntil.Clear();
        _loadedForTunnelsUntil.Clear();
        _turns.Clear();
        _knownNetworks.Clear();
        _spared.Clear();
        _places.Clear();
        _served.Clear();
        _answering.Clear();
        _failed.Clear();
        _walked.Clear();
        ForgetDirectory();
        BeginRoutes();
        (_forwarded, _forwardedBefore, _turnedAt) = ([], [], default);
        (_sparing, _probations) = (new ReferenceBucket(), new ReferenceBucket());
    }

    /// <summary>Whether the mapping is made again: its time is not over; or it is, and it has begun to linger then.</summary>
    public bool LivesOn(ReferenceMapping mapping, Tick now) =>
        mapping.Expires > now
        || (mapping.Proof != Proof.Lingering && mapping.ServerUsedPort && !mapping.HasLingered && mapping.Expires + settings.LingerTimeout > now);

    /// <summary>These mappings were made again, in this order. Which of them its source used last is not recorded: the one that was heard
    /// last, of either end.</summary>
    public void AllRestored(IReadOnlyList<ReferenceMapping> mappings)
    {
        foreach (IGrouping<Source, ReferenceMapping> ofSource in mappings.GroupBy(mapping => mapping.Source))
        {
            List<ReferenceMapping> own = [];
            foreach (ReferenceMapping mapping in ofSource)
            {
                own.Insert(own.Count > 0 && mapping.LastValid > own[0].LastValid ? 0 : own.Count, mapping);
            }

            own.Reverse();
            own.ForEach(Use);
        }
    }

    /// <summary>The mapping was not made again.</summary>
    public void Forget(ReferenceMapping mapping)
    {
        Live.Remove(mapping);
        Leave(mapping);
    }

    /// <summary>The mapping was made again: what it had proven stands, what it was allowed to send at once it is again, and nothing counts
    /// as unanswered. What expired meanwhile has lingered since.</summary>
    public void Restored(ReferenceMapping mapping, Tick now)
    {
        if (rules.RestartRefillsBudgets)
        {
            mapping.BeginBudgets();
        }

        if (mapping.Expires <= now && !mapping.HasLingered && rules.RestartCountsLingering)
        {
            (mapping.HasLingered, mapping.LingersUntil) = (true, mapping.Expires + settings.LingerTimeout);
        }

        (mapping.Overdue, mapping.NoSignUntil, mapping.AskedInVain) = (null, default, 0);
        (mapping.IsPrompt, mapping.IsUnreachable, mapping.IsUnanswered) = (false, false, false);
        (mapping.IsOnTrial, mapping.OwesTrial) = (true, false);
        (mapping.UnjudgedAt, mapping.PutOff) = (null, 0);
        mapping.ServerCookie = mapping.CookieUntil > now ? mapping.ServerCookie : null;
        mapping.IsElsewhere = IsElsewhere(mapping);
        mapping.Joined = mapping.Tunnel.Founder == mapping ? mapping.Joined : ++_order;
        if (mapping.Proof is Proof.Established or Proof.Confirmed)
        {
            Accepted(mapping.Source, now);
        }

        if (!rules.RestartKeepsInitiations)
        {
            mapping.Asked.Clear();
        }

        mapping.Counts = mapping.InitiationPriority is Proof.Established or Proof.Confirmed;
        mapping.Tunnel.Restored(now);
        mapping.Tunnel.Peer = KnownAgain(mapping);
        mapping.Tunnel.PeerKey = mapping.Tunnel.Peer == default ? null : mapping.Tunnel.PeerKey;
        Array.Clear(mapping.Tunnel.Others);
        Tell(RelayEventKind.Restored, mapping);
    }
}
