using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests.Model;

/// <summary>
/// The routes of a sequence, by numbers that are never used again: to add a route that was removed takes another number. Those that
/// differ by a multiple of <see cref="Servers"/> lead to the same server. Beside the list that the relays follow, it knows by itself
/// what stands where.
/// </summary>
internal sealed class ReferenceRoutes
{
    public const int Servers = 4;

    private const int Most = 40;

    private readonly Route[] _all;
    private readonly Dictionary<int, RouteId> _ids = [];
    private readonly HashSet<int> _listed = [];
    private readonly Dictionary<(int Route, PeerId Peer, Direction Direction, object? Owner), ReferenceRate> _carried = [];

    /// <summary>So many in the list. It has room for one more, so that indices are soon used again.</summary>
    public ReferenceRoutes(int count)
    {
        _all = [.. Enumerable.Range(0, Servers).Select(_ => RelayDriver.NewRoute())];
        _all = [.. Enumerable.Range(0, Most).Select(number => number < Servers ? _all[number] : new Route(_all[number % Servers].Key) { Server = _all[0].Server })];
        List = new RouteList(count + 1);
        for (int number = 0; number < count; number++)
        {
            Assert.Null(Add(number));
        }
    }

    public RouteList List { get; }

    /// <summary>The routes by number, also those that are not in the list.</summary>
    public IReadOnlyList<Route> All => _all;

    /// <summary>One more than the highest number that was ever in the list.</summary>
    public int Count { get; private set; }

    /// <summary>The numbers in the list.</summary>
    public IReadOnlyCollection<int> Listed => _listed;

    public Route this[int number] => _all[number];

    /// <summary>What was carried of a server's rate, or of one of its peers' rates: by all relays together, or by one owner.</summary>
    public ReferenceRate Carried(int number, Direction direction, object? owner, PeerId peer = default)
    {
        if (!_carried.TryGetValue((number, peer, direction, owner), out ReferenceRate? carried))
        {
            _carried[(number, peer, direction, owner)] = carried = new ReferenceRate();
        }

        return carried;
    }

    public bool WasAdded(int number) => _ids.ContainsKey(number);

    public RouteId IdOf(int number) => _ids[number];

    /// <summary>The number in the list at an index; null if there is none.</summary>
    public int? At(int index) => _listed.Where(number => _ids[number].Index == index).Select(number => (int?)number).SingleOrDefault();

    /// <summary>The number in the list of a route to the same server; null if there is none.</summary>
    public int? Successor(int number) => _listed.Where(other => other % Servers == number % Servers).Select(other => (int?)other).SingleOrDefault();

    /// <summary>Adds the route, if there is room for it, none with its key, and it was never there. What is wrong, if the list takes a
    /// route that it must refuse, or gives an id twice.</summary>
    public string? Add(int number)
    {
        if (number >= Most || WasAdded(number))
        {
            return null;
        }

        bool mustRefuse = _listed.Count == List.Capacity || _listed.Any(other => other % Servers == number % Servers);
        try
        {
            RouteId id = List.Add(_all[number]);
            if (mustRefuse || _ids.ContainsValue(id))
            {
                return $"route {number} was taken as {id}";
            }

            _ids[number] = id;
            _listed.Add(number);
            Count = Math.Max(Count, number + 1);
            return null;
        }
        catch (Exception refusal) when (refusal is ArgumentException or InvalidOperationException)
        {
            return mustRefuse ? null : $"route {number} was refused: {refusal.Message}";
        }
    }

    public string? Remove(int number)
    {
        bool isThere = _listed.Remove(number);
        return !WasAdded(number) || List.Remove(_ids[number]) == isThere ? null : $"route {number} was removed, though it was not there, or the other way round";
    }
}
