using System.Runtime.CompilerServices;
using WgProxy.Core.Journal;
using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Core.Mappings;

// What the records of mappings say about their lives, and lives that go on from there.
internal sealed partial class MappingLifecycle
{
    /// <summary>Writes down what the row of a slot's mapping says.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void WriteTo(ref MappingRecord record, int slot, Tick now)
    {
        ref Mapping mapping = ref _mappings[slot];
        record.Source = mapping.Source;
        record.Proof = mapping.Proof;
        record.Former = mapping.Former;
        record.Admitted = mapping.Admitted;
        record.UpstreamPort = mapping.Port;
        record.ExpiresIn = mapping.Expires - now;
        record.AskedAgo = now - mapping.Answers.AskedSince;
        record.ValidAgo = now - mapping.LastValid;
        record.UplinkBytes = mapping.UplinkBytes;
        record.DownlinkBytes = mapping.DownlinkBytes;
        record.LastInitiation = mapping.LastInitiation;
        record.LastMac1 = mapping.LastMac1.ToNumber();
        mapping.RecentInitiations.CopyTo(record.Initiations, out record.InitiationCount, out record.NextInitiation);
        record.Set(RecordMarks.ServerUsedPort, mapping.ServerUsedPort);
        record.Set(RecordMarks.WasAnswered, mapping.WasAnswered);
        record.Set(RecordMarks.HasLingered, mapping.HasLingered);
        record.Set(RecordMarks.HasShown, mapping.HasShown);
        record.Set(RecordMarks.AwaitsClient, mapping.AwaitsClient);
        record.Set(RecordMarks.AwaitsServer, mapping.AwaitsServer);
        record.Set(RecordMarks.IsOnProbation, mapping.IsOnProbation);
        if (mapping.HasExtras)
        {
            ref MappingExtras extras = ref _mappings.ExtrasOf(slot);
            record.LingersFor = mapping.HasLingered ? extras.LingersUntil - now : 0;
            record.CookieFor = Math.Max(extras.CookieUntil - now, 0);
            record.ServerCookie = record.CookieFor > 0 ? extras.ServerCookie : 0;
            record.Charged = extras.Charged;
            record.ProbationIndex = extras.ProbationIndex;
        }
    }

    /// <summary>Whether a recorded mapping lives on: its deadline has not passed, or it would have begun to linger then, and still did.
    /// </summary>
    public bool LivesOn(in MappingRecord record)
    {
        bool lingersNext = record.Proof != Proof.Lingering && record.Has(RecordMarks.ServerUsedPort) && !record.Has(RecordMarks.HasLingered);
        return record.ExpiresIn > (lingersNext ? -(long)_settings.LingerTimeout.TotalMilliseconds : 0);
    }

    /// <summary>Whether there is room for a restored mapping. None makes room for it: what lives here has shown it here.</summary>
    public bool HasRoomFor(in MappingRecord record) =>
        _queues.Total < _settings.MaxMappings && _mappings.HasFree
        && (record.Proof != Proof.Asked || _queues.Count(Proof.Asked) < _settings.MaxAsked)
        && (record.Proof != Proof.Claimed || _queues.Count(Proof.Claimed) < _settings.MaxClaimed)
        && (!record.Has(RecordMarks.IsOnProbation) || Population.OnProbation < MaxOnProbation);

    /// <summary>The life of a mapping goes on in a new row, which is in its tunnel already. The port is the engine's to open.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Restore(int slot, in MappingRecord record, Tick now)
    {
        ref Mapping mapping = ref _mappings[slot];
        mapping.Former = record.Former;
        mapping.Admitted = record.Admitted;
        mapping.Answers.Restore(now + -record.AskedAgo);
        mapping.LastValid = now + -record.ValidAgo;
        mapping.UplinkBytes = record.UplinkBytes;
        mapping.DownlinkBytes = record.DownlinkBytes;
        mapping.LastInitiation = record.LastInitiation;
        _askedAt[slot] = 0;
        mapping.LastMac1 = MacBytes.From(record.LastMac1);
        mapping.RecentInitiations.Restore(record.Initiations, record.InitiationCount, record.NextInitiation);
        mapping.ServerUsedPort = record.Has(RecordMarks.ServerUsedPort);
        mapping.WasAnswered = record.Has(RecordMarks.WasAnswered);
        mapping.HasLingered = record.Has(RecordMarks.HasLingered);
        mapping.HasShown = record.Has(RecordMarks.HasShown);
        mapping.AwaitsClient = record.Has(RecordMarks.AwaitsClient);
        mapping.AwaitsServer = record.Has(RecordMarks.AwaitsServer);
        mapping.IsOnProbation = record.Has(RecordMarks.IsOnProbation);
        if (mapping.HasLingered || record.CookieFor > 0 || mapping.IsOnProbation)
        {
            ref MappingExtras extras = ref _mappings.ExtrasOf(slot);
            extras.LingersUntil = Tick.Min(now + record.LingersFor, now + _settings.LingerTimeout);
            extras.CookieUntil = record.CookieFor > 0 ? Tick.Min(now + record.CookieFor, now + _settings.CookieTimeout) : default;
            extras.ServerCookie = record.ServerCookie;
            extras.ProbationIndex = record.ProbationIndex;
        }

        if (record.ExpiresIn <= 0 && !mapping.HasLingered)
        {
            // It began to linger when its deadline passed, not now.
            mapping.HasLingered = true;
            _mappings.ExtrasOf(slot).LingersUntil = now + record.ExpiresIn + _settings.LingerTimeout;
        }

        Population.CountProbation(mapping.IsOnProbation ? 1 : 0);
        Enqueue(slot, record.Proof, record.Charged);
        if (record.Proof >= Proof.Established)
        {
            _hooks.ServerAccepted(slot, now);
        }

        if (mapping.IsAccepted)
        {
            _mappings.Traffic.Begin(slot, mapping);
        }

        // No longer than any mapping may, whatever the record says and whatever the settings were when it was written.
        TimeSpan claim = _settings.ClaimedTimeout + _settings.AskedLimit;
        TimeSpan linger = _settings.LingerTimeout + _settings.CookieTimeout;
        Tick latest = now + (claim > linger ? claim : linger);
        Schedule(slot, Tick.Min(now + record.ExpiresIn, Tick.Max(latest, now + IdleTimeoutOf(slot))));
        Follow(slot, now);
    }

    /// <summary>The engine opened the socket of a restored mapping: by its own port, or by another if that is taken.</summary>
    public void Restored(int slot, ushort port, ushort recorded)
    {
        if (port != recorded)
        {
            PortChanged(slot, port);
        }

        _mappings[slot].Port = port;
        Report(RelayEventKind.Restored, slot);
    }

    /// <summary>The mapping is to be looked at again soon, if there is a journal: see <see cref="RecordAnew"/>.</summary>
    private void Follow(int slot, Tick now)
    {
        if (_mappings.Changes is not null)
        {
            _deadlines.NoLaterThan(slot, now + RecordedWithin);
        }
    }

    /// <summary>A live mapping writes itself anew: its record has changed if something valid has passed since it was written. Looked at
    /// here, from time to time, so that no packet needs to.</summary>
    /// <returns>When to look again.</returns>
    private Tick RecordAnew(int slot, Tick now)
    {
        if (_mappings[slot].LastValid > _mappings.Changes!.TakenAt(slot))
        {
            _mappings.MarkChanged(slot);
        }

        return now + RecordedWithin;
    }
}
