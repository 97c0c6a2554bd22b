using WgProxy.Core.Mappings;
using WgProxy.Core.Routes;
using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Core.Admission;

/// <summary>
/// Shares out the tokens of loaded servers: as many initiations as such a server would judge. The last tokens are reserved by
/// <see cref="InitiationPriority"/>, and no site takes them all. While a server is not loaded, everything passes. What belongs to one
/// server stands in its <see cref="ServerLoad"/>, and what belongs to one tunnel in its <see cref="TokenWait"/>.
/// </summary>
internal sealed class ServerBudget
{
    private readonly int _perSecond;
    private readonly RecentSources _recentNewcomerSites;
    private readonly RecentSources _recentTunnelSites;
    private readonly RecentSources _turns;
    private readonly TimeSpan _betweenTokensOfASite;
    private readonly TimeSpan _betweenTurnsOfASite;

    /// <summary>A budget of <see cref="RelaySettings.ServerTokensPerSecond"/> for each server.</summary>
    public ServerBudget(RelaySettings settings)
    {
        _perSecond = settings.ServerTokensPerSecond;
        _recentNewcomerSites = new RecentSources(RememberedSites, settings.HashSeed);
        _recentTunnelSites = new RecentSources(RememberedSites, settings.HashSeed);
        _turns = new RecentSources(RememberedSites, settings.HashSeed);
        _betweenTokensOfASite = TimeSpan.FromSeconds(TokensOfASite / (double)_perSecond);
        _betweenTurnsOfASite = TimeSpan.FromSeconds(TokensOfTurns / (double)_perSecond);
    }

    /// <summary>Whether the server is loaded as far as initiations of this priority are concerned.</summary>
    public static bool IsLoaded(in ServerLoad server, InitiationPriority priority, Tick now) =>
        priority == InitiationPriority.Live ? server.IsLoadedForTunnels(now) : server.IsLoaded(now);

    /// <summary>Whether the server may be given one more initiation. Always, unless it is loaded. Then a site that had a
    /// token lately leaves the last three to others. Newcomers of a site are counted apart from its tunnels, so that neither keeps the
    /// other out.</summary>
    public bool TryTakeToken(ref ServerLoad server, InitiationPriority priority, in Source source, Tick now)
    {
        if (!IsLoaded(server, priority, now))
        {
            return true;
        }

        Source site = source.Site;
        RecentSources recent = priority <= InitiationPriority.Verified ? _recentNewcomerSites : _recentTunnelSites;
        int reserved = (InitiationPriority.Live - priority) + (recent.Contains(site, now, _betweenTokensOfASite) ? LeftToOtherSites : 0);
        bool taken = server.TryTakeToken(_perSecond, reserved, now);
        if (taken)
        {
            recent.Add(site, now);
        }

        return taken;
    }

    /// <summary>Whether a loaded server may be given one more initiation of a tunnel. Its limit is for initiations that show its own
    /// cookie. One that shows the relay's is answered with a cookie and takes no token there, so it passes once in four seconds
    /// (WireGuard asks again after five): if the cookies were forged and the server is not loaded, it answers. A tunnel that was put
    /// off twice takes a turn beyond the tokens: it is delayed, and not refused until its keys have run out.</summary>
    public bool TryTakeTunnelToken(ref ServerLoad server, ref TokenWait wait, in Source source, bool showsServers, Tick now)
    {
        if (!showsServers && wait.TryPassUnjudged(now))
        {
            return true;
        }

        bool passes = TryTakeToken(ref server, InitiationPriority.Live, source, now) || (wait.MayTakeTurn && TryTakeTurn(source, now));
        wait.Count(passes);
        return passes;
    }

    /// <summary>One turn of each site each second: how many initiations a loaded server judges is the relay's guess, and that must not
    /// cost a tunnel its keys. WireGuard's own limit leaves two a second beside the tokens; other servers have none for initiations
    /// that show their cookie.</summary>
    private bool TryTakeTurn(in Source source, Tick now)
    {
        Source site = source.Site;
        if (_turns.Contains(site, now, _betweenTurnsOfASite))
        {
            return false;
        }

        _turns.Add(site, now);
        return true;
    }
}
