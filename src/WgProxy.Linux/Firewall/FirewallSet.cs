using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Firewall;

/// <summary>A set or map of nf_tables: elements, or intervals of them.</summary>
internal sealed class FirewallSet
{
    private readonly List<(byte[] Key, bool EndsInterval, byte[] Element)> _elements = [];
    private readonly byte[]? _otherwise;
    private readonly bool _hasIntervals;

    /// <summary>A set with these elements.</summary>
    /// <param name="elements">The attributes of each, as the kernel tells them.</param>
    public FirewallSet(IEnumerable<byte[]> elements)
    {
        foreach (byte[] element in elements)
        {
            NetlinkAttributes attributes = new(element);
            int flags = attributes.Number(NFTA_SET_ELEM_FLAGS);
            IsReadable &= !attributes.Has(NFTA_SET_ELEM_KEY_END);
            if ((flags & NFT_SET_ELEM_CATCHALL) != 0)
            {
                _otherwise = element;
                continue;
            }

            bool endsInterval = (flags & NFT_SET_ELEM_INTERVAL_END) != 0;
            _hasIntervals |= endsInterval;
            _elements.Add((attributes.Within(NFTA_SET_ELEM_KEY)[NFTA_DATA_VALUE].ToArray(), endsInterval, element));
        }
    }

    /// <summary>Whether it can be told what is in it. Intervals of several fields at once are not read.</summary>
    public bool IsReadable { get; } = true;

    /// <summary>The attributes of the element that a key finds; null if it finds none.</summary>
    public byte[]? Find(byte[] key)
    {
        // Where one interval ends, another may begin. An interval goes from its first key to before the key that ends it.
        (byte[] Key, bool EndsInterval, byte[] Element)? best = null;
        foreach ((byte[] Key, bool EndsInterval, byte[] Element) each in _elements)
        {
            int order = each.Key.AsSpan().SequenceCompareTo(key);
            if (order == 0 && !(_hasIntervals && each.EndsInterval))
            {
                return each.Element;
            }

            int better = best is { } known ? each.Key.AsSpan().SequenceCompareTo(known.Key) : 1;
            if (_hasIntervals && order <= 0 && (better > 0 || (better == 0 && !each.EndsInterval)))
            {
                best = each;
            }
        }

        return best is { EndsInterval: false } found ? found.Element : _otherwise;
    }
}
