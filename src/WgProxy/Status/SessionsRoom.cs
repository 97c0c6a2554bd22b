using WgProxy.Core.Engine;

namespace WgProxy.Status;

/// <summary>Room for the mappings of one answer: those that come first in the order that is asked for, or those from a slot on. It is used again and again, because
/// what 1,000 mappings take is an object that only a collection of the whole heap frees.</summary>
internal sealed class SessionsRoom
{
    private readonly PriorityQueue<MappingStatus, long> _best = new();
    private MappingStatus[] _found = [];
    private SessionsQuestion _question = new(SessionOrder.Slot, 0);
    private IReadOnlyDictionary<RouteId, Names> _names = new Dictionary<RouteId, Names>();
    private int _count;

    /// <summary>The mappings, once there is no <see cref="Next"/>.</summary>
    public ReadOnlySpan<MappingStatus> Found => _found.AsSpan(0, _count);

    /// <summary>How many were asked for so far, whether there was room for them or not.</summary>
    public int Matching { get; private set; }

    /// <summary>The slot to read on from; null if enough is read.</summary>
    public int? Next { get; private set; }

    /// <summary>The slot at which the next answer goes on; null if there is none.</summary>
    public int? NextPage { get; private set; }

    /// <summary>The instant of the last reading, by the engine's clock.</summary>
    public Tick Now { get; private set; }

    /// <summary>Begins an answer.</summary>
    public void Begin(SessionsQuestion question, IReadOnlyDictionary<RouteId, Names> names)
    {
        (_question, _names, _count, Matching, Next, NextPage) = (question, names, 0, 0, question.From, null);
        if (_found.Length < question.Limit)
        {
            _found = new MappingStatus[question.Limit];
        }

        if (question.Order != SessionOrder.Slot)
        {
            _ = _best.EnsureCapacity(question.Limit);
        }
    }

    /// <summary>Takes what is wanted out of an answer of the engine.</summary>
    public SessionsRoom Take(EngineQuery query)
    {
        Now = query.Now;
        foreach (ref readonly MappingStatus mapping in query.Mappings)
        {
            if (!IsWanted(mapping))
            {
                continue;
            }

            if (_question.Order != SessionOrder.Slot)
            {
                Keep(mapping);
            }
            else if (_count < _question.Limit)
            {
                _found[_count++] = mapping;
            }
            else
            {
                (Next, NextPage) = (null, mapping.Slot);
                return this;
            }

            Matching++;
        }

        Next = query.Next < 0 ? null : query.Next;
        if (Next is not null && _question.Order == SessionOrder.Slot && _count == _question.Limit)
        {
            (Next, NextPage) = (null, Next);
        }

        if (Next is null && _question.Order != SessionOrder.Slot)
        {
            Sort();
        }

        return this;
    }

    /// <summary>Ends an answer: nothing of it is kept.</summary>
    public void End()
    {
        Array.Clear(_found, 0, _count);
        _best.Clear();
        _count = 0;
    }

    private bool IsWanted(in MappingStatus mapping)
    {
        Names? of = _names.GetValueOrDefault(mapping.Route);
        return (_question.Port == 0 || _question.Port == mapping.Port)
            && (_question.Server is not { } server || string.Equals(of?.Server, server, StringComparison.OrdinalIgnoreCase))
            && (_question.Peer is not { } peer || string.Equals(of?.PeerOf(mapping.Peer), peer, StringComparison.OrdinalIgnoreCase));
    }

    private void Keep(in MappingStatus mapping)
    {
        long rank = _question.Order switch
        {
            SessionOrder.Traffic => mapping.UplinkBytes + mapping.DownlinkBytes,
            SessionOrder.LastValid => mapping.LastValid.Milliseconds,
            _ => -mapping.Expires.Milliseconds,
        };
        if (_best.Count < _question.Limit)
        {
            _best.Enqueue(mapping, rank);
        }
        else
        {
            _ = _best.EnqueueDequeue(mapping, rank);
        }
    }

    // The queue gives the last first.
    private void Sort()
    {
        _count = _best.Count;
        for (int place = _count - 1; place >= 0; place--)
        {
            _found[place] = _best.Dequeue();
        }
    }
}
