using System.Runtime.CompilerServices;
using WgProxy.Core.Journal;

namespace WgProxy.Core.Tunnels;

// Tunnels in the records of their mappings, and made again from them.
internal sealed partial class TunnelTable
{
    // The tunnels that were made again for the first of several mappings, for the others to find where no index leads there any more.
    private readonly Dictionary<(uint Identity, int Route), int> _restored = [];

    /// <summary>How many tunnels were looked at to find those of restored mappings.</summary>
    public long RestoredLookedAt { get; private set; }

    /// <summary>Writes down the tunnel of a slot's mapping.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void WriteTo(ref MappingRecord record, int slot, Tick now)
    {
        int tunnel = _mappings[slot].Tunnel;
        record.Set(RecordMarks.IsFounder, _rows[tunnel].HasFounder && _mappings[slot].NextOfTunnel < 0);
        record.Tunnel.Members = (byte)_rows[tunnel].Members;
        record.Set(RecordMarks.IsInUse, _rows[tunnel].InUse == slot);
        record.Tunnel.Peer = _rows[tunnel].HasPeers ? _peers[tunnel].Mark : 0;
        _rows[tunnel].WriteTo(ref record.Tunnel, slot, now);
        if (_rows[tunnel].HasHandshakes)
        {
            _handshakes[tunnel].WriteTo(ref record.Tunnel, slot, now);
        }

        for (int position = 0; position < TunnelRecord.Positions; position++)
        {
            MarkLeading(ref record.Tunnel.Pairs[position], tunnel);
            MarkLeading(ref record.Tunnel.Questions[position], tunnel);
        }
    }

    /// <summary>Makes the tunnel of a restored mapping again, which belongs to none yet; or lets it join the tunnel that another of its
    /// mappings was restored to.</summary>
    /// <param name="record">The mapping's record.</param>
    /// <param name="slot">Its slot.</param>
    /// <param name="now">The instant, at which the record is true.</param>
    /// <param name="latest">Until when indices are believed at the most.</param>
    public void Restore(in MappingRecord record, int slot, Tick now, Tick latest)
    {
        int tunnel = FindRestored(record.Tunnel, _mappings[slot].Route);
        bool isNew = tunnel < 0;
        if (isNew)
        {
            tunnel = Allocate(_mappings[slot].Route, record.Tunnel.Owner);
            _rows[tunnel].Identity = record.Tunnel.Identity;
            KeepIdentity(record.Tunnel.Identity);
            if (record.Tunnel.Members > 1)
            {
                _restored[(record.Tunnel.Identity, _mappings[slot].Route)] = tunnel;
            }
        }

        JoinRestored(tunnel, slot, record.Has(RecordMarks.IsFounder));
        TakePeer(tunnel, _routes[_mappings[slot].Route].Peers.List.FindMarked(record.Tunnel.Peer));
        BeginChange();
        _rows[tunnel].InUse = record.Has(RecordMarks.IsInUse) ? slot : _rows[tunnel].InUse;
        bool hasQuestions = HasQuestions(record.Tunnel);
        bool takesAll = hasQuestions && !_rows[tunnel].HasHandshakes;
        if (takesAll)
        {
            HandshakesOf(tunnel).TakeAll(record.Tunnel, slot, now, latest);
        }

        for (int position = 0; position < TunnelRecord.Positions; position++)
        {
            TakePair(tunnel, record.Tunnel.Pairs[position], slot, now, latest);
            if (hasQuestions)
            {
                TakeQuestion(tunnel, record.Tunnel.Questions[position], slot, now, latest, isTaken: takesAll);
            }
        }

        EndChange();
        MarkMembers(tunnel);
    }

    /// <summary>What the records of all mappings of the tunnel say has changed.</summary>
    public void MarkMembers(int tunnel)
    {
        if (_mappings.Changes is null)
        {
            return;
        }

        for (int slot = _rows[tunnel].FirstMember; slot >= 0; slot = _mappings[slot].NextOfTunnel)
        {
            _mappings.MarkChanged(slot);
        }
    }

    private static bool HasQuestions(in TunnelRecord record)
    {
        bool has = false;
        for (int position = 0; position < TunnelRecord.Positions; position++)
        {
            has |= record.Questions[position].Has(IndexMarks.IsPresent);
        }

        return has;
    }

    private void TakePair(int tunnel, in RecordedIndices recorded, int slot, Tick now, Tick latest)
    {
        if (recorded.Has(IndexMarks.IsPresent) && recorded.Remaining > 0)
        {
            bool forgot = _rows[tunnel].Take(recorded, slot, now, Tick.Min(now + recorded.Remaining, latest), out uint forgotten);
            IndexRestored(tunnel, recorded, forgot, forgotten, now);
        }
    }

    private void TakeQuestion(int tunnel, in RecordedIndices recorded, int slot, Tick now, Tick latest, bool isTaken)
    {
        if (recorded.Has(IndexMarks.IsPresent) && recorded.Remaining > 0)
        {
            uint forgotten = 0;
            bool forgot = !isTaken && _handshakes[tunnel].Take(recorded, slot, now, Tick.Min(now + recorded.Remaining, latest), out forgotten);
            IndexRestored(tunnel, recorded, forgot, forgotten, now);
        }
    }

    /// <summary>What was only copied to the tunnel leads nowhere, then as before: else a stranger's tunnel might find its client.
    /// </summary>
    private void IndexRestored(int tunnel, in RecordedIndices recorded, bool forgot, uint forgotten, Tick now)
    {
        if (recorded.Has(IndexMarks.LeadsHere))
        {
            Index(tunnel, recorded.ServerIndex, forgot, forgotten, now);
        }
        else if (forgot && !Holds(tunnel, forgotten))
        {
            _indices.Remove(forgotten, tunnel);
        }
    }

    /// <summary>The founder is the last of the chain; others come before those that are there.</summary>
    private void JoinRestored(int tunnel, int slot, bool isFounder)
    {
        int last = isFounder ? _rows[tunnel].FirstMember : -1;
        if (last < 0)
        {
            Join(tunnel, slot);
        }
        else
        {
            while (_mappings[last].NextOfTunnel >= 0)
            {
                last = _mappings[last].NextOfTunnel;
            }

            (_mappings[slot].Tunnel, _mappings[slot].NextOfTunnel) = (tunnel, -1);
            _mappings[last].NextOfTunnel = slot;
            _rows[tunnel].Members++;
        }

        _rows[tunnel].HasFounder |= isFounder;
    }

    /// <summary>The tunnel of this identity, if another of its mappings was restored before. An index leads to it, mostly. Where none is
    /// believed any more, it is found by its identity, as only one that had several mappings can be.</summary>
    private int FindRestored(in TunnelRecord record, int route)
    {
        if (record.Members < 2)
        {
            return -1;
        }

        for (int position = 0; position < TunnelRecord.Positions; position++)
        {
            int tunnel = FindRestored(record.Pairs[position], record.Identity, route);
            tunnel = tunnel < 0 ? FindRestored(record.Questions[position], record.Identity, route) : tunnel;
            if (tunnel >= 0)
            {
                return tunnel;
            }
        }

        return _restored.TryGetValue((record.Identity, route), out int restored) && IsRestored(restored, record.Identity, route) ? restored : -1;
    }

    private void ForgetRestored(int tunnel)
    {
        (uint Identity, int Route) key = (_rows[tunnel].Identity, _rows[tunnel].Route);
        if (_restored.TryGetValue(key, out int restored) && restored == tunnel)
        {
            _restored.Remove(key);
        }
    }

    /// <summary>No tunnel made from now on is given an identity that a record has: with the same seed as before, they would come again, and
    /// the next restart would take two tunnels for one.</summary>
    private void KeepIdentity(uint identity) =>
        _nextIdentity = (int)(identity - _nextIdentity) >= 0 ? identity + 1 : _nextIdentity;

    private int FindRestored(in RecordedIndices recorded, uint identity, int route)
    {
        bool leads = recorded.Has(IndexMarks.LeadsHere) && recorded.Remaining > 0;
        int tunnel = leads ? OwnerOf(route, recorded.ServerIndex) : -1;
        return tunnel >= 0 && IsRestored(tunnel, identity, route) ? tunnel : -1;
    }

    private bool IsRestored(int tunnel, uint identity, int route)
    {
        RestoredLookedAt++;
        return _rows[tunnel].Identity == identity && _rows[tunnel].Route == route && _rows[tunnel].Members is > 0 and < Tunnel.MaxMembers;
    }

    private void MarkLeading(ref RecordedIndices recorded, int tunnel)
    {
        if (recorded.Remaining > 0 && OwnerOf(_rows[tunnel].Route, recorded.ServerIndex) == tunnel)
        {
            recorded.Marks |= IndexMarks.LeadsHere;
        }
    }
}
