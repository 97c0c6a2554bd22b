using WgProxy.Core.Mappings;
using WgProxy.Core.Protocol;

namespace WgProxy.Core.Admission;

/// <summary>What an unproven mapping counts as. Each kind has a share of its own, so that who forges addresses of a prefix
/// takes nothing from those in it who can show a cookie, or an index that the server issued.</summary>
internal enum Share : byte
{
    /// <summary>It is proven, or lingers, and does not count.</summary>
    None,

    /// <summary>Opened by somebody who showed nothing.</summary>
    Asked,

    /// <summary>Opened by somebody who can be reached where he says he is.</summary>
    Verified,

    /// <summary>It claims a tunnel: charged to who made the tunnel, for a claimant's address may be forged.</summary>
    Claimed,
}

/// <summary>
/// How many unproven mappings of a kind each address prefix is charged for. A keyed hash, because sources are chosen by
/// whoever attacks. Few mappings are unproven at a time, and those that cease to be leave no trace, so the memory used goes
/// by the most there were at once.
/// </summary>
internal sealed class PrefixShares
{
    private readonly Chains<Entry> _entries;
    private readonly (ulong K0, ulong K1) _seed;

    /// <summary>Room for the prefixes of this many mappings.</summary>
    public PrefixShares(int mappings, (ulong K0, ulong K1) seed)
    {
        _entries = new Chains<Entry>(mappings);
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
