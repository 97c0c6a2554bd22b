using WgProxy.Core.Containers;
using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Core.Admission;

/// <summary>
/// How many indices may be sought in the directory: for one source, for one site, and in all. A stranger that guesses indices spends its own budget, and its site's. One that
/// forges addresses spends what all have together, which is more than such floods bring.
/// </summary>
internal sealed class SeekBudget(RelaySettings settings)
{
    private readonly SecondCells _sources = new(SeekingSources);
    private readonly SecondCells _sites = new(SeekingSites);
    private readonly (ulong K0, ulong K1) _seed = settings.HashSeed;
    private TokenBucket _all;

    /// <summary>Takes one, if all three budgets allow it.</summary>
    public bool TryTake(in Source source, Tick now)
    {
        (ulong high, ulong low, _, _, ulong port) = source.Client.Words;
        return _sources.TryTake(SipHash.Hash(_seed.K0, _seed.K1, high, low, 0, 0, port), SoughtPerSource, now)
            && _sites.TryTake(SipHash.Hash(_seed.K0, _seed.K1, source.SiteNumber), SoughtPerSite, now)
            && _all.TryTake(1, settings.SoughtPerSecond, settings.SoughtPerSecond, now);
    }
}
