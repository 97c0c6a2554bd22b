using WgProxy.Core.Protocol;

namespace WgProxy.Core.Routes;

/// <summary>
/// The routes that one relay serves, by index. It follows a <see cref="RouteList"/>, and looks there only when told: a relay decides
/// by the same routes until its owner says otherwise. An index keeps its route until the last mapping of that has ended, and so does a key,
/// even if the list has another route there by then. One thread owns the table; neighbours may ask for ids.
/// </summary>
internal sealed class RouteTable
{
    private readonly RouteList _list;
    private readonly Action<RouteState> _changed;
    private readonly IMac1Matcher _matcher;
    private readonly RouteState?[] _states;

    // The keys of the routes that are served, and at each key's position the index of its route.
    private readonly Mac1Set _keys;
    private int[] _indices = [];

    // The same routes by key, for records: each names its route by it.
    private readonly Dictionary<PublicKey, int> _byKey = new(PublicKey.Comparer);
    private readonly Dictionary<PublicKey, int>.AlternateLookup<ReadOnlySpan<byte>> _byKeyBytes;

    /// <summary>A table of all routes that the list has now.</summary>
    /// <param name="list">What it follows.</param>
    /// <param name="changed">Called with each route whose mappings are to be looked at: it was told to have changed, or was removed.</param>
    /// <param name="matcher">What compares an initiation with all keys at once; null for the best that this build has.</param>
    public RouteTable(RouteList list, Action<RouteState> changed, IMac1Matcher? matcher = null)
    {
        (_list, _changed, _matcher) = (list, changed, matcher ?? Mac1Matchers.Best);
        _keys = new Mac1Set(_matcher);
        _byKeyBytes = _byKey.GetAlternateLookup<ReadOnlySpan<byte>>();
        _states = new RouteState?[list.Capacity];
        for (int index = 0; index < list.Capacity; index++)
        {
            if (list.At(index) is { } listed)
            {
                Put(listed);
            }
        }
    }

    /// <summary>How many routes are served.</summary>
    public int Count => _keys.Count;

    /// <summary>What one <see cref="Match"/> costs at the most, in steps of eight keys.</summary>
    public int Steps => _keys.Steps;

    /// <summary>The index of the only route that is served; null if none is, or several.</summary>
    public int? Only => _keys.Count == 1 ? _indices[_keys.End - 1] : null;

    /// <summary>One more than the highest index in use.</summary>
    public int Limit { get; private set; }

    /// <summary>The route at an index that is in use: one with mappings always is.</summary>
    public RouteState this[int index] => _states[index]!;

    /// <summary>Whether newcomers may come to the route at an index.</summary>
    public bool IsServed(int index) => _states[index] is { IsEnding: false };

    /// <summary>Whether the mappings of the route at an index are being looked at.</summary>
    public bool IsWalked(int index) => _states[index] is { IsWalked: true };

    /// <summary>The id of the route at an index; the default if there is none. May be asked by any thread.</summary>
    public RouteId IdAt(int index) => Volatile.Read(ref _states[index])?.Id ?? default;

    /// <summary>The route with this id while it is served or still has mappings; else null.</summary>
    public RouteState? Find(RouteId id) => id.Index < _states.Length && _states[id.Index] is { } state && state.Id == id ? state : null;

    /// <summary>Looks at what the list has at the index of this id. A route that is new there is served from now on; one that has gone
    /// is served no longer.</summary>
    public void Look(RouteId id)
    {
        if (id.Index >= _states.Length)
        {
            return;
        }

        RouteList.Entry? listed = _list.At(id.Index);
        if (_states[id.Index] is not RouteState state)
        {
            Take(listed);
        }
        else if (listed?.Id != state.Id)
        {
            End(state);
        }
        else if (state.Id == id)
        {
            state.ReadSettings();
            _changed(state);
        }
    }

    /// <summary>The last mapping of a route that was removed has ended: its index is free for what the list has there.</summary>
    public void Vacate(RouteState state)
    {
        Volatile.Write(ref _states[state.Id.Index], null);
        Limit = Array.FindLastIndex(_states, other => other is not null) + 1;
        Take(_list.At(state.Id.Index));
        if (_list.Find(state.Route.Key) is { Generation: > 0 } successor && _states[successor.Index] is null)
        {
            Take(_list.At(successor.Index));
        }
    }

    /// <summary>The index of the route whose key an initiation was made with; -1 if there is none.</summary>
    public int Match(ReadOnlySpan<byte> initiation)
    {
        int position = _keys.Match(initiation);
        return position < 0 ? -1 : _indices[position];
    }

    /// <summary>The index of the served route with these bytes as its key; -1 if there is none. Looks once, however many routes there are.
    /// </summary>
    public int ServedWith(ReadOnlySpan<byte> key) => _byKeyBytes.TryGetValue(key, out int index) ? index : -1;

    private void Take(RouteList.Entry? listed)
    {
        if (listed is null)
        {
            return;
        }

        // The list has each key once. Where the relay has it at another index too, that route has gone, and the news is on its way.
        // Its last mapping must end first: a source never has two mappings to one server.
        if (Array.Find(_states, other => other?.Route.Key.Equals(listed.Route.Key) == true) is { } former)
        {
            End(former);
            return;
        }

        Put(listed);
    }

    private void Put(RouteList.Entry listed)
    {
        RouteState state = new(listed.Id, listed.Route, _matcher) { KeyPosition = _keys.Add(listed.Route.Mac1) };
        if (state.KeyPosition >= _indices.Length)
        {
            Array.Resize(ref _indices, Math.Max(2 * _indices.Length, state.KeyPosition + 1));
        }

        _indices[state.KeyPosition] = listed.Id.Index;
        _byKey[listed.Route.Key] = listed.Id.Index;
        Volatile.Write(ref _states[listed.Id.Index], state);
        Limit = Math.Max(Limit, listed.Id.Index + 1);
    }

    private void End(RouteState state)
    {
        if (!state.IsEnding)
        {
            state.IsEnding = true;
            _keys.Remove(state.KeyPosition);
            _byKey.Remove(state.Route.Key);
            _changed(state);
        }
    }
}
