using WgProxy.Core.Containers;
using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Core.Admission;

/// <summary>
/// The sources whose initiations were refused lately, so that an operator can be told why a client gets no tunnel. A cache of fixed size,
/// four ways for each hash, of which the one that came longest ago makes room. A flood from many addresses fills it within a moment: what it
/// holds is evidence, and decides nothing.
/// </summary>
/// <param name="seed">Which sources share a set is a secret, as in every table that strangers write to.</param>
internal sealed class Strangers((ulong K0, ulong K1) seed)
{
    private const int Ways = 4;

    private readonly StrangerStatus[] _rows = new StrangerStatus[RememberedStrangers];

    /// <summary>The rows. One without <see cref="StrangerStatus.Times"/> is empty.</summary>
    public ReadOnlySpan<StrangerStatus> Rows => _rows;

    /// <summary>An initiation was refused.</summary>
    /// <param name="source">Its sender.</param>
    /// <param name="verdict">Why.</param>
    /// <param name="route">For which route; the default for none.</param>
    /// <param name="now">The instant.</param>
    public void Refused(in Source source, Verdict verdict, RouteId route, Tick now)
    {
        Span<StrangerStatus> ways = SetOf(source);
        int oldest = 0;
        for (int i = 0; i < Ways; i++)
        {
            ref StrangerStatus row = ref ways[i];
            if (row.Times > 0 && row.Source == source)
            {
                (row.Verdict, row.Route, row.Last) = (verdict, route, now);
                row.Times = row.Times == int.MaxValue ? int.MaxValue : row.Times + 1;
                return;
            }

            oldest = ways[i].Times == 0 || ways[i].Last < ways[oldest].Last ? i : oldest;
        }

        ways[oldest] = new StrangerStatus { Source = source, Verdict = verdict, Route = route, Times = 1, First = now, Last = now };
    }

    private Span<StrangerStatus> SetOf(in Source source)
    {
        (ulong high, ulong low, ulong localHigh, ulong localLow, ulong port) = source.Words;
        ulong hash = SipHash.Hash(seed.K0, seed.K1, high, low, localHigh, localLow, port);
        return _rows.AsSpan((int)(hash & (RememberedStrangers - 1)) & -Ways, Ways);
    }
}
