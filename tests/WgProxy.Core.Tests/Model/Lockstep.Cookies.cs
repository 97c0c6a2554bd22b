using System.Buffers.Binary;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests.Model;

// The relay's cookies and the server's, as clients take and show them.
internal sealed partial class Lockstep
{
    private readonly List<(int Source, byte[] Cookie, Tick At)> _cookies = [];

    // What passed to the server, by the source and route of its port; and the last cookie it sent there.
    private readonly Dictionary<(int Source, int Route), List<(uint Sender, byte[] Mac1)>> _asked = [];
    private readonly Dictionary<(int Source, int Route), byte[]> _theirs = [];
    private uint _seals;

    /// <summary>A reply must be what a client can open; the cookie in it is the source's own.</summary>
    private string? TakeCookie(Worker worker, Decision decision, ReadOnlySpan<byte> run, int source)
    {
        if (decision.Verdict != Verdict.Reply)
        {
            return null;
        }

        byte[] cookie = new byte[WireGuard.CookieSize];
        ReadOnlySpan<byte> mac1 = run.Slice(WireGuard.InitiationMac1Offset, WireGuard.MacSize);
        bool opens = false;
        foreach (Route route in _routes.All.Take(ReferenceRoutes.Servers))
        {
            opens = opens || new CookieSealer(route.Key).TryOpen(worker.Relay.Reply, mac1, cookie);
        }

        if (!opens || !worker.Relay.Reply.Slice(4, 4).SequenceEqual(run.Slice(4, 4)))
        {
            return "a client cannot open the reply";
        }

        if (_cookies.Any(old => old.Cookie.AsSpan().SequenceEqual(cookie) && (old.Source != source || Now - old.At >= 240_000)))
        {
            return "a cookie of another source, or of another time";
        }

        _cookies.Add((source, cookie, Now));
        worker.Model.CookieSent(SourceOf(source), cookie, Now);
        return null;
    }

    private byte[]? CookieFor(Message message, int source) => message.Mac2 switch
    {
        "ours" => _cookies.LastOrDefault(sent => sent.Source == source).Cookie,
        "others" => _cookies.LastOrDefault(sent => sent.Source != source).Cookie,
        "theirs" => _theirs.GetValueOrDefault((source, message.Route)) ?? new byte[WireGuard.CookieSize],
        _ => null,
    };

    private bool ShowsCookie(ReadOnlySpan<byte> run, int source)
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

    private void RememberAsked(Decision decision, ReadOnlySpan<byte> run, int source)
    {
        if (decision.Verdict > Verdict.Open || run[0] != WireGuard.InitiationType)
        {
            return;
        }

        int route = _routes.All.ToList().IndexOf(RelayOf(source).RouteOf(decision.Slot));
        List<(uint Sender, byte[] Mac1)> asked = _asked.TryGetValue((source, route), out var known) ? known : _asked[(source, route)] = [];
        asked.Add((
            BinaryPrimitives.ReadUInt32LittleEndian(run[WireGuard.SenderOffset..]),
            run.Slice(WireGuard.InitiationMac1Offset, WireGuard.MacSize).ToArray()));
    }

    /// <summary>Writes a cookie reply as the server would: sealed for an initiation that came to it from that port.</summary>
    private void Seal(Message message, Step step, Span<byte> datagram)
    {
        if (message.Seal.Length == 0 || step.Kind is "client")
        {
            return;
        }

        // Genuine: for the last initiation of that sender. Astray: for another one, as whoever did not see it might.
        IEnumerable<(uint Sender, byte[] Mac1)> asked = _asked.GetValueOrDefault((step.Number, step.Route)) ?? [];
        byte[]? mac1 = asked.LastOrDefault(ask => (ask.Sender == message.Receiver) == (message.Seal is "genuine")).Mac1;
        if (mac1 is null)
        {
            return;
        }

        byte[] cookie = new byte[WireGuard.CookieSize];
        BinaryPrimitives.WriteUInt32LittleEndian(cookie, ++_seals);
        byte[] nonce = new byte[CookieSealer.NonceSize];
        BinaryPrimitives.WriteUInt32LittleEndian(nonce, _seals);
        byte[] answered = new byte[WireGuard.InitiationSize];
        BinaryPrimitives.WriteUInt32LittleEndian(answered.AsSpan(WireGuard.SenderOffset), message.Receiver);
        mac1.CopyTo(answered, WireGuard.InitiationMac1Offset);
        new CookieSealer(_routes[step.Route].Key).Write(answered, cookie, nonce, datagram);
        _workers[step.Number % _workers.Count].Model.ServerSealed(datagram.ToArray(), mac1, cookie);
        _theirs[(step.Number, step.Route)] = cookie;
    }

    private Relay RelayOf(int source) => _workers[source % _workers.Count].Relay;
}
