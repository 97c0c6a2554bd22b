using WgProxy.Core.Containers;

namespace WgProxy.Core.Mappings;

/// <summary>
/// How many unproven mappings of a kind each address prefix is charged for. It uses a keyed hash, because an attacker chooses
/// sources. Few mappings are unproven at a time, and the others leave no trace. So the memory used follows
/// the most that there were at once.
/// </summary>
internal sealed class PrefixShares
{
    private readonly LinearHashTable<Entry> _entries;
    private readonly (ulong K0, ulong K1) _seed;

    /// <summary>Room for the prefixes of this many mappings.</summary>
    public PrefixShares(int mappings, (ulong K0, ulong K1) seed)
    {
        _entries = new LinearHashTable<Entry>(mappings);
        _seed = seed;
    }

    /// <summary>Mappings of this kind that the prefix is charged for.</summary>
    public int Count(Prefix prefix, Share share)
    {
        Key key = new(prefix, share);
        int entry = Find(Hash(key), key);
        return entry < 0 ? 0 : _entries[entry].Count;
    }

    /// <summary>One more.</summary>
    public void Add(Prefix prefix, Share share)
    {
        Key key = new(prefix, share);
        ulong hash = Hash(key);
        int entry = Find(hash, key);
        if (entry < 0)
        {
            _entries.Add(hash, new Entry { Key = key, Count = 1 });
        }
        else
        {
            _entries[entry].Count++;
        }
    }

    /// <summary>One less.</summary>
    public void Remove(Prefix prefix, Share share)
    {
        Key key = new(prefix, share);
        int entry = Find(Hash(key), key);
        if (--_entries[entry].Count == 0)
        {
            _entries.Remove(entry);
        }
    }

    private int Find(ulong hash, in Key key)
    {
        int entry = _entries.First(hash);
        while (entry >= 0 && _entries[entry].Key != key)
        {
            entry = _entries.Next(entry);
        }

        return entry;
    }

    private ulong Hash(in Key key) => SipHash.Hash(_seed.K0, _seed.K1, key.Prefix.High, key.Prefix.Low, (ulong)key.Share, 0, 0);

    private readonly record struct Key(Prefix Prefix, Share Share);

    private struct Entry
    {
        public Key Key;
        public int Count;
    }
}
