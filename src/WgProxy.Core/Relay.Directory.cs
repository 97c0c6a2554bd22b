using System.Net;
using System.Runtime.CompilerServices;
using WgProxy.Core.Admission;
using WgProxy.Core.Journal;
using WgProxy.Core.Tunnels;
using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Core;

// The directory: other relays' tunnels. A packet with an index that is unknown here is judged as ever, and the index is sought in the background. What is found
// waits here for the index's next packet, which may claim the tunnel as a roaming client does. The packet path only notes the index.
internal sealed partial class Relay
{
    private SoughtIndices? _sought;
    private SeekBudget? _seekBudget;

    /// <summary>Whether there are indices to be sought.</summary>
    public bool HasSought => _sought is { Any: true };

    /// <summary>From now on, indices that are unknown here are sought in a directory.</summary>
    public void KeepDirectory()
    {
        _sought = new SoughtIndices(_settings.HashSeed);
        _seekBudget = new SeekBudget(_settings);
        _roaming.KeepDirectory(Math.Min(Slots, MostFound), _settings.HashSeed, Counters);
    }

    /// <summary>Takes an index that is to be sought. The engine takes so many once per turn.</summary>
    public bool TryTakeSought(out uint index)
    {
        index = 0;
        return _sought?.TryTake(out index) == true;
    }

    /// <summary>A tunnel was found that another relay has written down. It waits for the next packet with the index.</summary>
    /// <param name="index">The index that was sought.</param>
    /// <param name="record">The record of one of the tunnel's mappings, as it is true now.</param>
    /// <param name="now">The instant.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Found(uint index, in MappingRecord record, Tick now)
    {
        int route = record.IsEnded || _sought is null ? -1 : _routes.ServedWith(record.Route);
        bool isOurs = route >= 0 && _roaming.Keep(index, route, record, ServerOfFound(record, route), now, now + _settings.IndexLifetime);
        Counters.Count(!isOurs ? DirectoryCount.NotOurs : _sought!.IsAwaited(index, now) ? DirectoryCount.Found : DirectoryCount.Late);
    }

    /// <summary>The index of this packet is unknown here: it is sought, within the budgets, unless it was sought just now.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Seek(uint index, in Source source, Tick now)
    {
        if (_roaming.HasFound(index, now))
        {
            return;
        }

        if (!_sought!.MaySeek(index, now))
        {
            return;
        }

        if (!_seekBudget!.TryTake(source, now))
        {
            Counters.Count(DirectoryCount.OverBudget);
            return;
        }

        _sought.Add(index, now);
        Counters.Count(DirectoryCount.Sought);
    }

    /// <summary>A found tunnel goes to the address of its server that it went to, if that is one of those here. Relays may know the server by
    /// other addresses: then it goes where a new mapping would.</summary>
    private IPEndPoint? ServerOfFound(in MappingRecord record, int route)
    {
        // By number: the enumerator of a list that is known by its interface is allocated.
        IReadOnlyList<IPEndPoint> addresses = _routes[route].Route.Addresses;
        for (int i = 0; record.Server is not null && i < addresses.Count; i++)
        {
            if (Source.From(addresses[i]) == Source.From(record.Server))
            {
                return addresses[i];
            }
        }

        return null;
    }
}
