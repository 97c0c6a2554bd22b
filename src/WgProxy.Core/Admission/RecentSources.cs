using WgProxy.Core.Containers;

namespace WgProxy.Core.Admission;

/// <summary>
/// Sources seen lately, by fingerprint: a cache of fixed size, four ways for each hash, of which the oldest makes room.
/// Forgetting one early costs its client a cookie, 5 s; a false match takes one of 2⁶⁴ fingerprints.
/// </summary>
internal sealed class RecentSources
{
    private const int Ways = 4;

    private readonly (ulong Fingerprint, Tick At)[] _entries;
    private readonly (ulong K0, ulong K1) _seed;

    /// <summary>A cache of this many sources, a power of two.</summary>
    public RecentSources(int size, (ulong K0, ulong K1) seed)
    {
        _entries = new (ulong, Tick)[size];
        _seed = seed;
    }

    /// <summary>Remembers the source as seen at this instant.</summary>
    public void Add(in Source source, Tick now)
    {
        ulong fingerprint = Fingerprint(source);
        Span<(ulong Fingerprint, Tick At)> ways = SetOf(fingerprint);
        int oldest = 0;
        for (int i = 0; i < Ways; i++)
        {
            if (ways[i].Fingerprint == fingerprint)
            {
                oldest = i;
                break;
            }

            oldest = ways[i].At < ways[oldest].At ? i : oldest;
        }

        ways[oldest] = (fingerprint, now);
    }

    /// <summary>Whether the source was seen less than this long ago.</summary>
    public bool Contains(in Source source, Tick now, TimeSpan within)
    {
        ulong fingerprint = Fingerprint(source);
        foreach ((ulong held, Tick at) in SetOf(fingerprint))
        {
            if (held == fingerprint)
            {
                return now < at + within;
            }
        }

        return false;
    }

    private Span<(ulong Fingerprint, Tick At)> SetOf(ulong fingerprint) =>
        _entries.AsSpan((int)(fingerprint & (ulong)(_entries.Length - 1)) & -Ways, Ways);

    // Zero marks an empty entry.
    private ulong Fingerprint(in Source source)
    {
        (ulong high, ulong low, ulong localHigh, ulong localLow, ulong port) = source.Words;
        return SipHash.Hash(_seed.K0, _seed.K1, high, low, localHigh, localLow, port) | (1UL << 63);
    }
}
