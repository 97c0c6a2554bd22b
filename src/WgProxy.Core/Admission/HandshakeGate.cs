using System.Buffers.Binary;
using WgProxy.Core.Containers;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Core.Admission;

/// <summary>Whose initiation asks to be forwarded; the order is that of reserved places at a loaded server.</summary>
internal enum InitiationPriority : byte
{
    /// <summary>Nobody knows it, and its address may be forged.</summary>
    Newcomer,

    /// <summary>It has shown a cookie of the relay's, so its address is its own.</summary>
    Verified,

    /// <summary>The server accepted it within the last ten minutes, or it had a tunnel until then.</summary>
    Known,

    /// <summary>It has a mapping that the server accepted.</summary>
    Live,
}

/// <summary>
/// Everything that an initiation must pass but mac1: replay filter, cookies, shares and the server's own limit. It knows no
/// mapping; the relay asks it on the slow path only. Under load — many ask and are not answered, or the server says so by
/// sending cookies — a source must show that it can be reached before it costs anything.
/// </summary>
internal sealed class HandshakeGate
{
    // So that nobody who can be reached takes all newcomers' places: nine sites would have to. As many places' time, whatever
    // the worker's part of them is.
    private const int SitesOfNewcomers = 9;

    // So that a peer with many mappings cannot take all tunnels' places: whoever had one so lately leaves the last three.
    private const double SitesOfTunnels = 4.5;
    private const int LeftByServedSites = 3;

    // As many places' time again.
    private const int PlacesOfTurns = 18;

    private const int RememberedSources = 1 << 15;
    private const int RememberedSites = 1 << 10;
    private const int RememberedNetworks = 1 << 14;
    private const int RememberedInitiations = 1 << 14;

    private readonly RelaySettings _settings;
    private readonly CookieSealer[] _sealers;
    private CookieSecrets _secrets;
    private readonly Blake2sKey _secretKey;
    private readonly RecentSources _verified;
    private readonly RecentSources _known;
    private readonly RecentSources _recentNewcomerSites;
    private readonly RecentSources _recentServedSites;
    private readonly RecentSources _turns;
    private readonly RecentSources _knownNetworks;
    private readonly RecentSources _spared;
    private readonly TimeSpan _betweenNewcomersOfASite;
    private readonly TimeSpan _betweenTunnelsOfASite;
    private readonly TimeSpan _betweenTurnsOfASite;
    private readonly ReplayFilter _forwarded;
    private readonly TokenBucket[] _serverBuckets;
    private readonly Tick[] _serverLoadedUntil;
    private readonly Tick[] _loadedForTunnelsUntil;
    private readonly byte[] _reply = new byte[WireGuard.CookieReplySize];
    private readonly byte[] _nonce = new byte[24];
    private readonly ulong _nonceWord;
    private TokenBucket _sparing;
    private long _period = long.MinValue;
    private ulong _replies;

    /// <summary>A gate for these routes.</summary>
    public HandshakeGate(RelaySettings settings, IReadOnlyList<Route> routes)
    {
        _settings = settings;
        _sealers = [.. routes.Select(route => new CookieSealer(route.Key))];
        _serverBuckets = new TokenBucket[routes.Count];
        _serverLoadedUntil = new Tick[routes.Count];
        _loadedForTunnelsUntil = new Tick[routes.Count];
        _verified = new RecentSources(RememberedSources, settings.HashSeed);
        _known = new RecentSources(RememberedSources, settings.HashSeed);
        _recentNewcomerSites = new RecentSources(RememberedSites, settings.HashSeed);
        _recentServedSites = new RecentSources(RememberedSites, settings.HashSeed);
        _turns = new RecentSources(RememberedSites, settings.HashSeed);
        _knownNetworks = new RecentSources(RememberedNetworks, settings.HashSeed);
        _spared = new RecentSources(RememberedSites, settings.HashSeed);
        _betweenTurnsOfASite = TimeSpan.FromSeconds(PlacesOfTurns / (double)settings.ServerPlacesPerSecond);
        _betweenNewcomersOfASite = TimeSpan.FromSeconds(SitesOfNewcomers / (double)settings.ServerPlacesPerSecond);
        _betweenTunnelsOfASite = TimeSpan.FromSeconds(SitesOfTunnels / settings.ServerPlacesPerSecond);
        _forwarded = new ReplayFilter(RememberedInitiations, Specification.CookieLifetime, settings.HashSeed);
        Span<byte> master = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(master, settings.CookieSeed.K0);
        BinaryPrimitives.WriteUInt64LittleEndian(master[8..], settings.CookieSeed.K1);

        // Each worker has a hash seed of its own, so no two make the same nonces; and a hash of the seeds says nothing of them.
        _nonceWord = SipHash.Hash(settings.CookieSeed.K0, settings.CookieSeed.K1, settings.HashSeed.K0, settings.HashSeed.K1, 0, 0, 0);
        _secretKey = new Blake2sKey(master, Blake2s.MaxDigestSize);
        _secrets = new CookieSecrets(stackalloc byte[CookieSecrets.SecretSize]);
        Rotate(default);
    }

    /// <summary>The cookie reply made last.</summary>
    public ReadOnlySpan<byte> Reply => _reply;

    /// <summary>The server sent a cookie: it is under load. It says nothing about the source, whose address may be forged
    /// and who may never see the cookie.</summary>
    /// <param name="route">The route.</param>
    /// <param name="isProven">Whether it came to a mapping that the server has accepted: only then do tunnels believe it, for
    /// on others anybody can draw one, or forge it knowing what he asked.</param>
    /// <param name="now">The instant.</param>
    public void ServerSentCookie(int route, bool isProven, Tick now)
    {
        _serverLoadedUntil[route] = now + ServerLoadedFor;
        if (isProven)
        {
            _loadedForTunnelsUntil[route] = now + ServerLoadedFor;
        }
    }

    /// <summary>Reads the server's cookie in its reply to the initiation of this mac1.</summary>
    public bool TryOpen(int route, ReadOnlySpan<byte> reply, ReadOnlySpan<byte> mac1, Span<byte> cookie) =>
        _sealers[route].TryOpen(reply, mac1, cookie);

    /// <summary>The server has accepted this source.</summary>
    public void Accepted(in Source source, Tick now)
    {
        _known.Add(source, now);
        _knownNetworks.Add(source.Network, now);
    }

    /// <summary>Whether the initiation was forwarded lately.</summary>
    public bool IsReplay(ReadOnlySpan<byte> initiation, Tick now) => _forwarded.Contains(initiation.Slice(WireGuard.InitiationMac1Offset, WireGuard.MacSize), now);

    /// <summary>The initiation of this mac1 is being forwarded.</summary>
    public void Forwarded(ReadOnlySpan<byte> mac1, Tick now) => _forwarded.Add(mac1, now);

    /// <summary>Whether the server said lately that it is under load, where those of this standing believe it.</summary>
    public bool IsServerLoaded(int route, InitiationPriority standing, Tick now) =>
        now < (standing == InitiationPriority.Live ? _loadedForTunnelsUntil : _serverLoadedUntil)[route];

    /// <summary>Whether the source has shown lately that it can be reached.</summary>
    public bool WasVerified(in Source source, Tick now) => _verified.Contains(source, now, VerifiedFor);

    /// <summary>Whether the initiation carries a cookie of this relay; if so, the source is verified.</summary>
    public bool HasCookie(ReadOnlySpan<byte> initiation, in Source source, Tick now)
    {
        Rotate(now);
        if (!_secrets.VerifyMac2(initiation, source))
        {
            return false;
        }

        _verified.Add(source, now);
        return true;
    }

    /// <summary>Makes the cookie reply to an initiation.</summary>
    public void MakeReply(int route, ReadOnlySpan<byte> initiation, in Source source, Tick now)
    {
        Rotate(now);
        Span<byte> cookie = stackalloc byte[WireGuard.MacSize];
        _secrets.CookieFor(source, cookie);

        // The key is made from the public key, so nothing is kept secret by the nonce; it only must not repeat.
        BinaryPrimitives.WriteUInt64LittleEndian(_nonce, ++_replies);
        BinaryPrimitives.WriteInt64LittleEndian(_nonce.AsSpan(8), now.Milliseconds);
        BinaryPrimitives.WriteUInt64LittleEndian(_nonce.AsSpan(16), _nonceWord);
        _sealers[route].Write(initiation, cookie, _nonce, _reply);
    }

    /// <summary>Whether the server may be asked to judge one more initiation. Always, unless it is loaded; then there are
    /// places for as many as it would look at, the last of them kept for those who have most to lose, and all of them shared
    /// among sites: those of whom the server has never accepted are spaced, the others leave some to sites that wait.</summary>
    public bool TryTakePlace(int route, InitiationPriority standing, in Source source, Tick now)
    {
        if (!IsServerLoaded(route, standing, now))
        {
            return true;
        }

        Source site = source.Site;
        bool isNewcomer = standing <= InitiationPriority.Verified;
        if (isNewcomer && _recentNewcomerSites.Contains(site, now, _betweenNewcomersOfASite))
        {
            return false;
        }

        int reserved = InitiationPriority.Live - standing;
        reserved += !isNewcomer && _recentServedSites.Contains(site, now, _betweenTunnelsOfASite) ? LeftByServedSites : 0;
        bool taken = _serverBuckets[route].TryTake(1, _settings.ServerPlacesPerSecond, Specification.LoadedServerBurst - reserved, now);
        if (taken)
        {
            (isNewcomer ? _recentNewcomerSites : _recentServedSites).Add(site, now);
        }

        return taken;
    }

    /// <summary>Whether a tunnel that was put off before is put off no more, one of its site each second: how many a loaded
    /// server judges is the relay's guess, and that must not cost a tunnel its keys. WireGuard's own limit leaves two a second
    /// beside the places; other servers have none for who shows their cookie.</summary>
    public bool TryTakeTurn(in Source source, Tick now)
    {
        Source site = source.Site;
        if (_turns.Contains(site, now, _betweenTurnsOfASite))
        {
            return false;
        }

        _turns.Add(site, now);
        return true;
    }

    /// <summary>Whether a stranger may pass a crowd without a cookie: from an address (IPv6: a /64) on which the server accepted
    /// somebody within ten minutes, so that a client whose port has changed need not wait. Anybody may forge such an address,
    /// so it is one each second of an address, and few of all.</summary>
    public bool TrySpare(in Source source, Tick now)
    {
        Source network = source.Network;
        if (!_knownNetworks.Contains(network, now, KnownFor) || _spared.Contains(network, now, BetweenSparedOfANetwork)
            || !_sparing.TryTake(1, SparedPerSecond, SparedBurst, now))
        {
            return false;
        }

        _spared.Add(network, now);
        return true;
    }

    /// <summary>What a stranger's initiation counts as.</summary>
    public InitiationPriority PriorityOf(in Source source, Tick now) =>
        _known.Contains(source, now, KnownFor) ? InitiationPriority.Known
        : WasVerified(source, now) ? InitiationPriority.Verified
        : InitiationPriority.Newcomer;

    // The secrets follow from the seed and the number of the period, so nothing need be remembered or drawn.
    private void Rotate(Tick now)
    {
        long period = now.Milliseconds / (long)Specification.CookieLifetime.TotalMilliseconds;
        if (period == _period)
        {
            return;
        }

        Span<byte> number = stackalloc byte[sizeof(long)];
        Span<byte> secret = stackalloc byte[Blake2s.MaxDigestSize];
        for (long each = period - 1; each <= period; each++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(number, each);
            _secretKey.Mac(number, secret);
            _secrets = _secrets.RotatedTo(secret);
        }

        _period = period;
    }
}
