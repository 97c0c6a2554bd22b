using System.Buffers.Binary;
using WgProxy.Core.Containers;
using WgProxy.Core.Protocol;

namespace WgProxy.Core.Admission;

/// <summary>The relay's own cookies: makes replies, verifies what comes back, and remembers which sources have shown that they can be
/// reached. Its secrets follow from the seed and the clock, so nothing need be drawn.</summary>
internal sealed class CookieGate
{
    private static readonly long SecretMilliseconds = (long)Specification.CookieLifetime.TotalMilliseconds;

    private readonly Blake2sKey _secretKey;
    private readonly RecentSources _verified;
    private readonly byte[] _reply = new byte[WireGuard.CookieReplySize];
    private readonly byte[] _nonce = new byte[24];
    private readonly ulong _nonceWord;
    private readonly long _zero;
    private CookieSecrets _secrets;
    private long _period = long.MinValue;
    private ulong _replies;

    /// <summary>Cookies of these settings' seeds.</summary>
    public CookieGate(RelaySettings settings)
    {
        _verified = new RecentSources(Limits.RememberedSources, settings.HashSeed);
        _zero = settings.CookieZero;
        Span<byte> master = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(master, settings.CookieSeed.K0);
        BinaryPrimitives.WriteUInt64LittleEndian(master[8..], settings.CookieSeed.K1);

        // A hash of the seed, because each reply shows it.
        _nonceWord = SipHash.Hash(settings.NonceSeed.K0, settings.NonceSeed.K1, 0);
        _secretKey = new Blake2sKey(master, Blake2s.MaxDigestSize);
        _secrets = new CookieSecrets(stackalloc byte[CookieSecrets.SecretSize]);
        Rotate(default);
    }

    /// <summary>The cookie reply made last.</summary>
    public ReadOnlySpan<byte> Reply => _reply;

    /// <summary>Whether the source has shown lately that it can be reached.</summary>
    public bool WasVerified(in Source source, Tick now) => _verified.Contains(source, now, Limits.VerifiedFor);

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

    /// <summary>Makes the cookie reply to an initiation, sealed for its route's server.</summary>
    public void MakeReply(CookieSealer sealer, ReadOnlySpan<byte> initiation, in Source source, Tick now)
    {
        Rotate(now);
        Span<byte> cookie = stackalloc byte[WireGuard.MacSize];
        _secrets.CookieFor(source, cookie);

        // The key is made from the public key, so nothing is kept secret by the nonce; it only must not repeat.
        BinaryPrimitives.WriteUInt64LittleEndian(_nonce, ++_replies);
        BinaryPrimitives.WriteInt64LittleEndian(_nonce.AsSpan(8), now.Milliseconds);
        BinaryPrimitives.WriteUInt64LittleEndian(_nonce.AsSpan(16), _nonceWord);
        sealer.Write(initiation, cookie, _nonce, _reply);
    }

    private void Rotate(Tick now)
    {
        long period = (now.Milliseconds + _zero) / SecretMilliseconds;
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
