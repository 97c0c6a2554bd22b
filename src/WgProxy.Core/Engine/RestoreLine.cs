#pragma warning disable RS0030 // Interlocked: here threads meet, between turns and not on the packet path.

using System.Runtime.CompilerServices;
using WgProxy.Core.Journal;

namespace WgProxy.Core.Engine;

/// <summary>
/// The batch of records that one owner of a relay works at, between its turns, a few mappings in each. Bounded, and without a lock: any
/// thread leaves a batch, where there is none.
/// </summary>
/// <param name="isOwn">Whether a source belongs to this owner.</param>
/// <param name="open">Opens the socket of a restored slot, and reports it to the relay; or reports that it did not open.</param>
/// <param name="done">Told when this owner's part of a batch is done.</param>
/// <param name="place">Says to which of the addresses that are listened on now a recorded client sends, in the words in which the engine
/// says so of a datagram, or its client would not be found.</param>
/// <param name="mayBegin">Whether mappings may be restored in their turn yet; null if always. The owner has a turn when that changes.</param>
internal sealed class RestoreLine(
    Func<Source, bool> isOwn, RestoreLine.Opener open, Action<RestoreBatch> done, RestoreLine.Placer place, Func<bool>? mayBegin = null)
{
    private RestoreBatch? _batch;
    private int _next;
    private volatile bool _closed;

    /// <summary>Opens the socket of a restored slot. Whether it opened.</summary>
    public delegate bool Opener(int slot, in MappingRecord record, Tick now);

    /// <summary>Where the client of a record sends to now.</summary>
    public delegate Source Placer(in MappingRecord record, Relay relay);

    /// <summary>Leaves a batch. Whether there was room for it, and the owner has not ended.</summary>
    public RestoreOutcome Post(RestoreBatch batch)
    {
        if (_closed)
        {
            return RestoreOutcome.NotRunning;
        }

        if (Interlocked.CompareExchange(ref _batch, batch, null) is not null)
        {
            return RestoreOutcome.Busy;
        }

        // The owner may have ended meanwhile, and looked here before.
        return _closed && Interlocked.CompareExchange(ref _batch, null, batch) == batch ? RestoreOutcome.NotRunning : RestoreOutcome.Waiting;
    }

    /// <summary>Whether there is a batch.</summary>
    public bool HasBatch => Volatile.Read(ref _batch) is not null;

    /// <summary>Something came from a client: its records are restored at once, if their turn has not come yet. Called by the owner.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void RestoreClient(Relay relay, in Source source, Tick now)
    {
        if (Volatile.Read(ref _batch) is not RestoreBatch batch || batch.LastOf(source) is not (>= 0 and int last) || !isOwn(source))
        {
            return;
        }

        JournalInstant instant = batch.Clock();
        for (int record = last; record >= 0; record = batch.Before(record))
        {
            if (batch.Verdicts[record] == RestoreVerdict.Waiting && isOwn(batch.Records[record].Source))
            {
                Restore(batch, record, relay, instant, now);
            }
        }
    }

    /// <summary>Works for one turn. Whether there is more to do in the next. Called by the owner, between two turns.</summary>
    public bool Continue(Relay relay, Tick now)
    {
        if (Volatile.Read(ref _batch) is not RestoreBatch batch || mayBegin?.Invoke() == false)
        {
            return false;
        }

        JournalInstant instant = batch.Clock();
        int end = Math.Min(_next + Limits.RestoresLookedAtPerTurn, batch.Records.Length);
        for (int own = 0; _next < end && own < Limits.RestoredPerTurn; _next++)
        {
            if (isOwn(batch.Records[_next].Source) && batch.Verdicts[_next] == RestoreVerdict.Waiting)
            {
                Restore(batch, _next, relay, instant, now);
                own++;
            }
        }

        if (_next < batch.Records.Length)
        {
            return true;
        }

        _next = 0;
        Volatile.Write(ref _batch, null);
        done(batch);
        return false;
    }

    private void Restore(RestoreBatch batch, int number, Relay relay, in JournalInstant instant, Tick now)
    {
        MappingRecord record = batch.Records[number];
        record.Source = place(record, relay);
        RestoreVerdict verdict = relay.Restore(record, instant, now, out int slot);
        bool isOpen = verdict == RestoreVerdict.Restored && open(slot, record, now);
        batch.Judge(number, verdict == RestoreVerdict.Restored && !isOpen ? RestoreVerdict.NotOpened : verdict, record.Source != batch.Records[number].Source);
    }

    /// <summary>The owner has had its last turn: nothing waits any more, nor will.</summary>
    /// <param name="unfinished">Told of the batch that was waiting.</param>
    public void Close(Action<RestoreBatch> unfinished)
    {
        _closed = true;
        if (Interlocked.Exchange(ref _batch, null) is RestoreBatch batch)
        {
            unfinished(batch);
        }
    }
}
