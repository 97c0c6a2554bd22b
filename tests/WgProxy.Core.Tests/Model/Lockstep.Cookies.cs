using WgProxy.Core.Protocol;

namespace WgProxy.Core.Tests.Model;

// The relay's cookies, as clients take and show them.
internal sealed partial class Lockstep
{
    private readonly List<(Source Source, byte[] Cookie, Tick At)> _cookies = [];

    /// <summary>A reply must be what a client can open; the cookie in it is the source's own.</summary>
    private string? TakeCookie(Decision decision, ReadOnlySpan<byte> run, Source source)
    {
        if (decision.Verdict != Verdict.Reply)
        {
            return null;
        }

        byte[] cookie = new byte[WireGuard.CookieSize];
        ReadOnlySpan<byte> mac1 = run.Slice(WireGuard.InitiationMac1Offset, WireGuard.MacSize);
        bool opens = false;
        foreach (Route route in _routes)
        {
            opens = opens || new CookieSealer(route.Key).TryOpen(_relay.Reply, mac1, cookie);
        }

        if (!opens || !_relay.Reply.Slice(4, 4).SequenceEqual(run.Slice(4, 4)))
        {
            return "a client cannot open the reply";
        }

        if (_cookies.Any(old => old.Cookie.AsSpan().SequenceEqual(cookie) && (old.Source != source || Now - old.At >= 240_000)))
        {
            return "a cookie of another source, or of another time";
        }

        _cookies.Add((source, cookie, Now));
        Model.CookieSent(source, cookie, Now);
        return null;
    }

    private byte[]? CookieFor(Message message, Source source) => message.Mac2 switch
    {
        "ours" => _cookies.LastOrDefault(sent => sent.Source == source).Cookie,
        "others" => _cookies.LastOrDefault(sent => sent.Source != source).Cookie,
        "theirs" => new byte[WireGuard.CookieSize],
        _ => null,
    };

    private bool ShowsCookie(ReadOnlySpan<byte> run, Source source)
    {
        byte[] mac2 = new byte[WireGuard.MacSize];
        bool isAsk = run.Length >= 148;
        foreach (byte[] cookie in _cookies.Where(sent => isAsk && sent.Source == source).Select(sent => sent.Cookie))
        {
            Blake2s.Mac(cookie, run[..132], mac2);
            if (run[132..148].SequenceEqual(mac2))
            {
                return true;
            }
        }

        return false;
    }
}
