using WgProxy.Core.Protocol;

namespace WgProxy.Core.Routes;

/// <summary>
/// The routes that one relay serves, by index. It follows a <see cref="RouteList"/>, and looks there only when told: a relay decides
/// by the same routes until its owner says otherwise. An index keeps its route until the last mapping of that has ended, even if the
/// list has another one there by then. One thread owns the table; neighbours may ask for ids.
/// </summary>
internal sealed class RouteTable
{
    private readonly RouteList _list;
    private readonly RouteState?[] _states;

    // The keys of the routes that are served, and at each key's position the index of its route.
    private readonly Mac1Set _keys;
    private int[] _indices = [];

    /// <summary>A table of all routes that the list has now.</summary>
    public RouteTable(RouteList list, IMac1Matcher? matcher = null)
    {
        _list = list;
        _keys = new Mac1Set(matcher);
        _states = new RouteState?[list.Capacity];
        for (int index = 0; index < list.Capacity; index++)
        {
            Take(list.At(index));
        }
    }

    /// <summary>How many routes are served.</summary>
    public int Count => _keys.Count;

    /// <summary>The index of the only route that is served; null if none is, or several.</summary>
    public int? Only => _keys.Count == 1 ? _indices[_keys.End - 1] : null;

    /// <summary>One more than the highest index in use.</summary>
    public int End { get; private set; }

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

    /// <summary>Looks at what the list has at an index: a route that is new there is served from now on, one that has gone no longer
    /// is. Returns the route whose mappings the relay has to look at because of that; null if there is none.</summary>
    public RouteState? Look(int index)
    {
        if (index >= _states.Length)
        {
            return null;
        }

        RouteList.Entry? listed = _list.At(index);
        if (_states[index] is not RouteState state)
        {
            Take(listed);
            return null;
        }

        if (listed?.Id == state.Id)
        {
            state.Settings = listed.Route.Settings;
        }
        else if (!state.IsEnding)
        {
            state.IsEnding = true;
            _keys.Remove(state.KeyPosition);
        }

        return state;
    }

    /// <summary>The last mapping of a route that was removed has ended: its index is free for what the list has there.</summary>
    public void Vacate(RouteState state)
    {
        Volatile.Write(ref _states[state.Id.Index], null);
        End = Array.FindLastIndex(_states, other => other is not null) + 1;
        _ = Look(state.Id.Index);
    }

    /// <summary>The index of the route whose key an initiation was made with; -1 if there is none.</summary>
    public int Match(ReadOnlySpan<byte> initiation)
    {
        int position = _keys.Match(initiation);
        return position < 0 ? -1 : _indices[position];
    }

    private void Take(RouteList.Entry? listed)
    {
        if (listed is null)
        {
            return;
        }

        RouteState state = new(listed.Id, listed.Route) { KeyPosition = _keys.Add(listed.Route.Mac1) };
        if (state.KeyPosition >= _indices.Length)
        {
            Array.Resize(ref _indices, Math.Max(2 * _indices.Length, state.KeyPosition + 1));
        }

        _indices[state.KeyPosition] = listed.Id.Index;
        Volatile.Write(ref _states[listed.Id.Index], state);
        End = Math.Max(End, listed.Id.Index + 1);
    }
}
