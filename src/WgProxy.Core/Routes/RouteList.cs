using System.Collections;
using System.Runtime.CompilerServices;
using WgProxy.Core.Protocol;

namespace WgProxy.Core.Routes;

/// <summary>
/// The servers of an engine, as the program lists them. Only this list makes ids. One thread at a time adds
/// and removes. Each relay reads the list on its own thread when a command names an id. So no change is lost or out of order:
/// a relay that hears late of an addition and a removal finds the final state.
/// </summary>
[CollectionBuilder(typeof(RouteList), nameof(Of))]
public sealed class RouteList : IEnumerable<Route>
{
    private readonly Entry?[] _entries;
    private readonly ushort[] _generations;

    // A thousand routes are added without comparing each with all others. Only the thread that adds and removes has it.
    private readonly HashSet<PublicKey> _keys = [];

    // The index that has been free longest is used next, so that a new id does not soon resemble one in a log.
    private readonly Queue<int> _free;

    /// <summary>A list without routes.</summary>
    /// <param name="capacity">The most routes there can be at once.</param>
    public RouteList(int capacity = Limits.MostRoutes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, ushort.MaxValue + 1);
        _entries = new Entry?[capacity];
        _generations = new ushort[capacity];
        _free = new Queue<int>(Enumerable.Range(0, capacity));
    }

    /// <summary>The most routes there can be at once.</summary>
    public int Capacity => _entries.Length;

    /// <summary>How many routes there are.</summary>
    public int Count { get; private set; }

    /// <summary>A list of these routes, with the indices 0, 1, 2, … and generation 1.</summary>
    public static RouteList Of(ReadOnlySpan<Route> routes)
    {
        RouteList list = new();
        foreach (Route route in routes)
        {
            list.Add(route);
        }

        return list;
    }

    /// <summary>Adds a route. Relays serve it once they are told that the id changed.</summary>
    /// <exception cref="ArgumentException">A route with this key is in the list: an initiation would belong to both.</exception>
    /// <exception cref="InvalidOperationException">The list is full.</exception>
    public RouteId Add(Route route)
    {
        if (_keys.Contains(route.Key))
        {
            throw new ArgumentException("There is a route to the server with this key.", nameof(route));
        }

        if (!_free.TryDequeue(out int index))
        {
            throw new InvalidOperationException($"There are {Count} routes: no more fit.");
        }

        _ = _keys.Add(route.Key);

        RouteId id = new((ushort)index, ++_generations[index]);
        Volatile.Write(ref _entries[index], new Entry(id, route));
        Count++;
        return id;
    }

    /// <summary>Removes a route. Relays end its mappings once they are told that the id changed.</summary>
    /// <returns>False if the id names no route: it was removed before, or never given.</returns>
    public bool Remove(RouteId id)
    {
        if (this[id] is not Route route)
        {
            return false;
        }

        _ = _keys.Remove(route.Key);

        Volatile.Write(ref _entries[id.Index], null);
        Count--;

        // An index whose generations have run out is not used again, because its next id would repeat an earlier one.
        if (id.Generation < ushort.MaxValue)
        {
            _free.Enqueue(id.Index);
        }

        return true;
    }

    /// <summary>The route with this id; null if it was removed, or never there. May be asked by any thread.</summary>
    public Route? this[RouteId id] => At(id.Index) is Entry entry && entry.Id == id ? entry.Route : null;

    /// <summary>The id of the route to the server with this key; the default if there is none.</summary>
    public RouteId Find(PublicKey key) => Entries().FirstOrDefault(entry => entry.Route.Key.Equals(key))?.Id ?? default;

    /// <summary>The id of this route; the default if it is not in the list.</summary>
    public RouteId IdOf(Route route) => Entries().FirstOrDefault(entry => entry.Route == route)?.Id ?? default;

    /// <summary>All routes, by index.</summary>
    public IEnumerator<Route> GetEnumerator() => Entries().Select(entry => entry.Route).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The route at an index now; null if there is none.</summary>
    internal Entry? At(int index) => index < Capacity ? Volatile.Read(ref _entries[index]) : null;

    private IEnumerable<Entry> Entries()
    {
        for (int index = 0; index < Capacity; index++)
        {
            if (At(index) is Entry entry)
            {
                yield return entry;
            }
        }
    }

    /// <summary>A route and its id.</summary>
    internal sealed record Entry(RouteId Id, Route Route);
}
