using WgProxy.Core.Journal;

namespace WgProxy.Core.Tests.Model;

// The store of a fleet: records that were written there, and what relays are told of them.
internal sealed partial class Lockstep
{
    private readonly List<(MappingRecord Record, ReferenceRecord Expected, Tick At)> _stored = [];

    /// <summary>The indices under which something is stored.</summary>
    public IReadOnlyList<uint> Stored => [.. _stored.SelectMany(stored => stored.Expected.Pairs.Select(each => each.Pair.Server).Concat(stored.Expected.Asks.Select(each => each.Ask.Server)))];

    /// <summary>A mapping's record comes to the store.</summary>
    private string? Store(int source, int route)
    {
        Worker worker = _workers[source % _workers.Count];
        int id = worker.Find(source, route, isClosed: false);
        if (id >= 0 && worker.Has(id))
        {
            _stored.Add((worker.RecordOf(id, Now), worker.Model.RecordOf(worker.Model.Live.Single(mapping => mapping.Id == id), Now), Now));
        }

        return null;
    }

    /// <summary>The worker of a source is told of all that is stored under an index, the last written last.</summary>
    private string? Find(int source, uint index)
    {
        Worker worker = _workers[source % _workers.Count];
        foreach ((MappingRecord record, ReferenceRecord expected, Tick at) in _stored.TakeLast(8))
        {
            if (expected.Pairs.Any(each => each.Pair.Server == index) || expected.Asks.Any(each => each.Ask.Server == index))
            {
                worker.Relay.Found(index, record.AgedBy(Now - at), Now);
                worker.Model.Found(index, expected, Now);
            }
        }

        return worker.Settle();
    }
}
