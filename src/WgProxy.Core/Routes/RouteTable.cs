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

    // The keys of the routes that are served, by where: the first are those of routes that are served wherever the relay listens.
    private readonly List<RouteKeys> _keys;

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
        _keys = [new RouteKeys(ListenList.Everywhere, _matcher)];
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
    public int Count => _byKey.Count;

    /// <summary>The index of the only route that is served; null if none is, or several.</summary>
    public int? Only
    {
        get
        {
            foreach ((_, int index) in _byKey)
            {
                return _byKey.Count == 1 ? index : null;
            }

            return null;
        }
    }

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
            MoveKey(state);
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

    /// <summary>The index of the route whose key an initiation was made with, of those that are served where its sender sends to; -1 if there
    /// is none. No other keys are compared.</summary>
    /// <param name="initiation">The initiation.</param>
    /// <param name="source">Its sender.</param>
    /// <param name="steps">What that costs at the most is added, in steps of eight keys.</param>
    public int Match(ReadOnlySpan<byte> initiation, in Source source, ref long steps) => Match(initiation, source, here: true, ref steps);

    /// <summary>The same of those routes that are not served there.</summary>
    public int MatchElsewhere(ReadOnlySpan<byte> initiation, in Source source, ref long steps) => Match(initiation, source, here: false, ref steps);

    /// <summary>What <see cref="MatchElsewhere"/> costs at the most; 0 if all routes are served where the source sends to.</summary>
    public int StepsElsewhere(in Source source)
    {
        int steps = 0;
        for (int i = 1; i < _keys.Count; i++)
        {
            steps += _keys[i].Listen.Serves(source) ? 0 : _keys[i].Steps;
        }

        return steps;
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

    private int Match(ReadOnlySpan<byte> initiation, in Source source, bool here, ref long steps)
    {
        for (int i = 0; i < _keys.Count; i++)
        {
            RouteKeys keys = _keys[i];
            if (keys.Listen.Serves(source) == here)
            {
                steps += keys.Steps;
                if (keys.Match(initiation) is >= 0 and int index)
                {
                    return index;
                }
            }
        }

        return -1;
    }

    private void AddKey(RouteState state)
    {
        ListenList listen = state.Settings.Listen;
        RouteKeys? keys = _keys.Find(each => each.Listen.Equals(listen));
        if (keys is null)
        {
            keys = new RouteKeys(listen, _matcher);
            _keys.Add(keys);
        }

        (state.Keys, state.KeyPosition) = (keys, keys.Add(state.Mac1, state.Id.Index));
    }

    private void RemoveKey(RouteState state)
    {
        RouteKeys keys = state.Keys!;
        keys.Remove(state.KeyPosition);
        if (keys.IsEmpty && !keys.Listen.IsEverywhere)
        {
            _keys.Remove(keys);
        }

        state.Keys = null;
    }

    private void MoveKey(RouteState state)
    {
        if (state.Keys is { } keys && !keys.Listen.Equals(state.Settings.Listen))
        {
            RemoveKey(state);
            AddKey(state);
        }
    }

    private void Put(RouteList.Entry listed)
    {
        RouteState state = new(listed.Id, listed.Route, _matcher);
        AddKey(state);
        _byKey[listed.Route.Key] = listed.Id.Index;
        Volatile.Write(ref _states[listed.Id.Index], state);
        Limit = Math.Max(Limit, listed.Id.Index + 1);
    }

    private void End(RouteState state)
    {
        if (!state.IsEnding)
        {
            state.IsEnding = true;
            RemoveKey(state);
            _byKey.Remove(state.Route.Key);
            _changed(state);
        }
    }
}
