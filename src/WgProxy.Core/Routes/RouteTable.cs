using System.Runtime.InteropServices;
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

    // The others by each address of theirs: an initiation that arrives elsewhere passes over none of them, however many there are.
    private readonly Dictionary<ListenPlace, List<RouteKeys>> _byPlace = [];

    // The same routes by key, for records: each names its route by it.
    private readonly Dictionary<PublicKey, int> _byKey = new(PublicKey.Comparer);
    private readonly Dictionary<PublicKey, int>.AlternateLookup<ReadOnlySpan<byte>> _byKeyBytes;

    private long _search;
    private int _stepsOfOthers;

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

    /// <summary>How many groups of keys initiations were brought before so far, to be compared or passed over.</summary>
    public long Looks { get; private set; }

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
    public int Match(ReadOnlySpan<byte> initiation, in Source source, ref long steps)
    {
        int found = Match(_keys[0], initiation, ref steps);
        if (found < 0 && _byPlace.Count > 0)
        {
            found = MatchAt(ListenPlace.Of(source), initiation, ref steps);
            found = found < 0 ? MatchAt(ListenPlace.AnyOf(source), initiation, ref steps) : found;
        }

        return found;
    }

    /// <summary>The same of those routes that are not served there. To be asked only as often as <see cref="StepsElsewhere"/> allows, which says what it costs.</summary>
    public int MatchElsewhere(ReadOnlySpan<byte> initiation, in Source source, ref long steps)
    {
        _search++;
        Mark(ListenPlace.Of(source));
        Mark(ListenPlace.AnyOf(source));
        for (int i = 1; i < _keys.Count; i++)
        {
            if (_keys[i].ServedIn != _search && Match(_keys[i], initiation, ref steps) is >= 0 and int index)
            {
                return index;
            }
        }

        return -1;
    }

    /// <summary>What <see cref="MatchElsewhere"/> costs at the most; 0 if all routes are served where the source sends to.</summary>
    public int StepsElsewhere(in Source source) =>
        _stepsOfOthers == 0 ? 0 : _stepsOfOthers - StepsAt(ListenPlace.Of(source)) - StepsAt(ListenPlace.AnyOf(source));

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

    private int Match(RouteKeys keys, ReadOnlySpan<byte> initiation, ref long steps)
    {
        Looks++;
        steps += keys.Steps;
        return keys.Match(initiation);
    }

    private int MatchAt(in ListenPlace place, ReadOnlySpan<byte> initiation, ref long steps)
    {
        foreach (RouteKeys keys in At(place))
        {
            if (Match(keys, initiation, ref steps) is >= 0 and int index)
            {
                return index;
            }
        }

        return -1;
    }

    private void Mark(in ListenPlace place)
    {
        foreach (RouteKeys keys in At(place))
        {
            keys.ServedIn = _search;
        }
    }

    private int StepsAt(in ListenPlace place)
    {
        int steps = 0;
        foreach (RouteKeys keys in At(place))
        {
            Looks++;
            steps += keys.Steps;
        }

        return steps;
    }

    private ReadOnlySpan<RouteKeys> At(in ListenPlace place) =>
        _byPlace.TryGetValue(place, out List<RouteKeys>? served) ? CollectionsMarshal.AsSpan(served) : [];

    private void AddKey(RouteState state)
    {
        ListenList listen = state.Settings.Listen;
        RouteKeys? keys = _keys.Find(each => each.Listen.Equals(listen));
        if (keys is null)
        {
            keys = new RouteKeys(listen, _matcher);
            _keys.Add(keys);
            foreach (ListenPlace place in PlacesToFind(listen))
            {
                CollectionsMarshal.GetValueRefOrAddDefault(_byPlace, place, out _) ??= [];
                _byPlace[place].Add(keys);
            }
        }

        int before = keys.Steps;
        (state.Keys, state.KeyPosition) = (keys, keys.Add(state.Mac1, state.Id.Index));
        _stepsOfOthers += listen.IsEverywhere ? 0 : keys.Steps - before;
    }

    private void RemoveKey(RouteState state)
    {
        RouteKeys keys = state.Keys!;
        int before = keys.Steps;
        keys.Remove(state.KeyPosition);
        state.Keys = null;
        if (keys.Listen.IsEverywhere)
        {
            return;
        }

        _stepsOfOthers += keys.Steps - before;
        if (keys.IsEmpty)
        {
            _stepsOfOthers -= keys.Steps;
            _keys.Remove(keys);
            foreach (ListenPlace place in PlacesToFind(keys.Listen))
            {
                List<RouteKeys> served = _byPlace[place];
                served.Remove(keys);
                if (served.Count == 0)
                {
                    _byPlace.Remove(place);
                }
            }
        }
    }

    // Each once, and none that another one of the list holds: a source finds the list once.
    private static IEnumerable<ListenPlace> PlacesToFind(ListenList listen)
    {
        ListenPlace[] all = [.. listen.Places];
        return all.Distinct().Where(place => place.IsAny || !all.Contains(place with { High = 0, Low = 0, IsAny = true }));
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
