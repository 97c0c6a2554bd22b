using WgProxy.Core.Journal;
using WgProxy.Linux.Net;
using WgProxy.State;

namespace WgProxy.Standby;

/// <summary>
/// The mappings that a standby can take over: the last record of each. The last writer wins, by the store's clock. A mapping that has ended keeps its place for a while, because an older record of it may
/// still be read from the store. Bounded. Any thread may call.
/// </summary>
/// <param name="most">How many mappings at most.</param>
/// <param name="early">Upstream ports that are bound beforehand; null for none.</param>
internal sealed class StandbyTable(int most, EarlyPorts? early)
{
    /// <summary>For how many milliseconds the end of a mapping is remembered. What was written before is not in the store any more then, with a usual timeout.</summary>
    public const long EndsRemembered = 600_000;

    // Ends take places too, and are few beside the mappings that live.
    private readonly int _mostPlaces = most + (most / 4);
    private readonly Lock _lock = new();
    private readonly Dictionary<MappingKey, Entry> _entries = [];

    /// <summary>How many mappings can be taken over.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return Living;
            }
        }
    }

    /// <summary>How many upstream ports are bound already.</summary>
    public int EarlyCount => early?.Count ?? 0;

    /// <summary>How many records found no room.</summary>
    public long Refused { get; private set; }

    private int Living { get; set; }

    /// <summary>Takes a record, if it is newer than what is known of its mapping. Whether it is.</summary>
    /// <param name="record">The record, with its instant as this host tells it.</param>
    /// <param name="written">When it was written, by the clock that all its writers go by.</param>
    public bool Put(in MappingRecord record, long written)
    {
        lock (_lock)
        {
            MappingKey key = MappingKey.Of(record);
            bool isKnown = _entries.TryGetValue(key, out Entry? former);
            if (isKnown && former!.Written > written)
            {
                return false;
            }

            if (!isKnown && (_entries.Count >= _mostPlaces || (!record.IsEnded && Living >= most)))
            {
                Refused++;
                return false;
            }

            if (isKnown && !former!.Record.IsEnded)
            {
                Living--;
                ReleaseUnlessKept(former.Record, record);
            }

            _entries[key] = new Entry(record, written);
            if (!record.IsEnded)
            {
                Living++;
                _ = early?.Bind(record);
            }

            return true;
        }
    }

    /// <summary>Forgets what cannot live any more.</summary>
    /// <param name="now">Now.</param>
    public void Sweep(in JournalInstant now)
    {
        lock (_lock)
        {
            foreach ((MappingKey key, Entry entry) in _entries)
            {
                long age = now.Since(entry.Record.Written);
                if (age <= (entry.Record.IsEnded ? EndsRemembered : Math.Max(entry.Record.ExpiresIn, 0) + EndsRemembered))
                {
                    continue;
                }

                // A dictionary may lose entries while it is walked.
                _ = _entries.Remove(key);
                if (!entry.Record.IsEnded)
                {
                    Living--;
                    early?.Release(entry.Record.UpstreamPort);
                }
            }
        }
    }

    /// <summary>The records of mappings that live, those first that were used last.</summary>
    public MappingRecord[] Snapshot()
    {
        lock (_lock)
        {
            return [.. _entries.Values.Where(each => !each.Record.IsEnded).OrderByDescending(each => each.Record.Written.Utc - each.Record.ValidAgo).Select(each => each.Record)];
        }
    }

    // The same client may have another port now.
    private void ReleaseUnlessKept(in MappingRecord former, in MappingRecord record)
    {
        if (record.IsEnded || former.UpstreamPort != record.UpstreamPort)
        {
            early?.Release(former.UpstreamPort);
        }
    }

    private sealed record Entry(MappingRecord Record, long Written);
}
