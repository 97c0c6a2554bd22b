using System.Net;
using System.Runtime.CompilerServices;
using WgProxy.Core.Journal;
using WgProxy.Core.Mappings;
using WgProxy.Core.Routes;

namespace WgProxy.Core;

// The journal: which mappings have another record than before, and mappings that go on from theirs. The packet path only marks slots.
internal sealed partial class Relay
{
    /// <summary>Whether there are records to be taken.</summary>
    public bool HasRecords => _mappings.Changes is { Any: true };

    /// <summary>From now on it is told which records change. Before that, nothing is marked.</summary>
    public void KeepJournal() => _mappings.Changes ??= new ChangedSlots(Slots);

    /// <summary>Takes a record that has changed, or tells of a mapping that has ended. The engine takes so many once per turn, so each slot
    /// has at most one in each turn. Adds neither <see cref="MappingRecord.Written"/> nor <see cref="MappingRecord.UpstreamLocal"/>.
    /// </summary>
    /// <param name="now">The instant.</param>
    /// <param name="record">The record.</param>
    /// <param name="slot">The mapping's slot; −1 if it has ended.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public bool TryTakeRecord(Tick now, out MappingRecord record, out int slot)
    {
        record = default;
        slot = -1;
        ChangedSlots? changes = _mappings.Changes;
        if (changes is null)
        {
            return false;
        }

        if (changes.TryTakeEnded(out EndedMapping ended))
        {
            (record.Source, record.Route, record.UpstreamPort) = (ended.Source, ended.Route, ended.Port);
            return true;
        }

        while (changes.TryTake(out slot))
        {
            // Whatever it was marked for may have ended since, or only asks.
            Proof proof = _mappings[slot].Proof;
            if (proof != Proof.None && _mappings[slot].Port != 0 && (proof != Proof.Asked || changes.IsRecorded(slot)))
            {
                changes.Taken(slot, now);
                record = RecordOf(slot, now);
                return true;
            }
        }

        return false;
    }

    /// <summary>There was no room for a record that was taken just now: it is taken again later, as it will be then.</summary>
    public void ReturnRecord(in MappingRecord record, int slot)
    {
        if (slot >= 0)
        {
            _mappings.MarkChanged(slot);
        }
        else
        {
            _mappings.Changes?.PutBack(new EndedMapping(record.Source, record.Route, record.UpstreamPort));
        }
    }

    /// <summary>Whether a recorded server is served where the source sends to.</summary>
    internal bool Serves(RouteKey server, in Source source) => _routes.ServedWith(server) is >= 0 and int route && IsServedAt(route, source);

    /// <summary>Makes a mapping again from its record. If it is restored, the engine opens a socket for the slot and reports
    /// <see cref="Restored"/> or <see cref="OpenFailed"/>. Nothing that lives here makes room for it.</summary>
    /// <param name="record">The record.</param>
    /// <param name="instant">The same instant as <paramref name="now"/>, as records name instants.</param>
    /// <param name="now">The instant.</param>
    /// <param name="slot">The mapping's slot; −1 if it is not restored.</param>
    public RestoreVerdict Restore(in MappingRecord record, in JournalInstant instant, Tick now, out int slot)
    {
        slot = -1;
        if (record.IsEnded)
        {
            return RestoreVerdict.Ended;
        }

        if (record.UpstreamPort == 0 || record.Source.Port == 0)
        {
            return RestoreVerdict.NoPort;
        }

        int route = _routes.ServedWith(record.Route);
        if (route < 0)
        {
            return RestoreVerdict.UnknownRoute;
        }

        MappingRecord aged = record.AgedBy(instant.Since(record.Written));
        if (!_life.LivesOn(aged))
        {
            return RestoreVerdict.Expired;
        }

        if (!IsServedAt(route, aged.Source) || _admission.IsDenied(aged.Source, route))
        {
            return RestoreVerdict.Denied;
        }

        RouteState state = _routes[route];
        if (state.Settings.PeersOnly && aged.Proof != Proof.Asked && state.Peers.List.FindMarked(aged.Tunnel.Peer) == default)
        {
            return RestoreVerdict.Denied;
        }

        if (_mappings.Find(aged.Source, route) >= 0)
        {
            return RestoreVerdict.Duplicate;
        }

        if (!_life.HasRoomFor(aged))
        {
            return RestoreVerdict.NoRoom;
        }

        if (ServerFor(aged, route, now) is not IPEndPoint server)
        {
            return RestoreVerdict.NoServer;
        }

        slot = AddMapping(aged.Source, route, server);
        _tunnels.Restore(aged, slot, now, now + _settings.IndexLifetime);
        _life.Restore(slot, aged, now);
        if (_mappings[_mappings.Find(aged.Source)].LastValid < _mappings[slot].LastValid)
        {
            // Of a source's mappings on several routes, the one that it used last comes first.
            _mappings.BringToFront(slot);
        }

        return RestoreVerdict.Restored;
    }

    /// <summary>The engine opened the socket of a restored mapping.</summary>
    /// <param name="slot">The slot of a <see cref="Restore"/>.</param>
    /// <param name="port">The socket's local port.</param>
    /// <param name="recorded">The port that the record names. If it is another, the server knows nothing of it yet.</param>
    public void Restored(int slot, ushort port, ushort recorded)
    {
        // From now on its end is told. If the socket does not open, no end is told: the lender keeps the record and lends it again.
        _mappings.Changes?.Restored(slot);
        _life.Restored(slot, port, recorded);
    }

    /// <summary>All that is needed to make the slot's mapping again.</summary>
    internal MappingRecord RecordOf(int slot, Tick now)
    {
        MappingRecord record = new() { Route = RouteKey.From(RouteOf(slot).Key), Server = ServerOf(slot) };
        _life.WriteTo(ref record, slot, now);
        _tunnels.WriteTo(ref record, slot, now);
        return record;
    }

    // Before another mapping gets the slot.
    private void EndRecord(int slot)
    {
        ref readonly Mapping mapping = ref _mappings[slot];
        _mappings.Changes?.End(slot, new EndedMapping(mapping.Source, RouteKey.From(RouteOf(slot).Key), mapping.Port));
    }

    /// <summary>Where a restored mapping goes: where it went, whether or not the name of the server says so now, as before; if the record
    /// does not say, where a new one would go.</summary>
    private IPEndPoint? ServerFor(in MappingRecord record, int route, Tick now)
    {
        if (record.Server is null)
        {
            return _routes[route].Addresses.Best(now);
        }

        foreach (IPEndPoint listed in _routes[route].Route.Addresses)
        {
            if (Source.From(listed) == Source.From(record.Server))
            {
                return listed;
            }
        }

        return record.Server.Port == 0 ? null : record.Server;
    }
}
