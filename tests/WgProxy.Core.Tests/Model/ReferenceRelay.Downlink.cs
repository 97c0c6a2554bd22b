using WgProxy.Core.Tunnels;

namespace WgProxy.Core.Tests.Model;

// What the server sends to a mapping's port.
internal sealed partial class ReferenceRelay
{
    private ReferenceDecision ServerAsks(ReferenceMapping mapping, ReadOnlyMemory<byte> datagram, Tick now)
    {
        if (!MayBeSent(mapping, datagram.Length))
        {
            return Drop(Direction.Downlink, Verdict.Unsolicited, datagram, mapping);
        }

        if (IsRefused(mapping, datagram) && rules.ServersQuestionsAreForPeers)
        {
            return Drop(Direction.Downlink, Verdict.NotAPeer, datagram, mapping);
        }

        uint server = Index(datagram, 4);
        Part(mapping, now);
        Own(mapping.Tunnel, server, now);
        mapping.Tunnel.AskedBy(server, mapping, now, now + settings.IndexLifetime);
        Name(mapping, server, datagram, now);
        mapping.ServerUsedPort = true;
        ReviveIfLingering(mapping, now);
        mapping.AwaitsServer = false;
        return Decide(Direction.Downlink, Verdict.Forward, mapping, 1, datagram.Length);
    }

    private ReferenceDecision ServerAnswers(ReferenceMapping mapping, ReadOnlyMemory<byte> datagram, Tick now)
    {
        uint server = Index(datagram, 4);
        uint client = Index(datagram, 8);
        if (!mapping.Asked.Contains(client))
        {
            if (rules.UnaskedAnswersName)
            {
                Name(mapping, server, datagram, now);
            }

            return rules.LateAnswersPass && MayBeSent(mapping, datagram.Length)
                ? Decide(Direction.Downlink, Verdict.Forward, mapping, 1, datagram.Length)
                : Drop(Direction.Downlink, Verdict.Unsolicited, datagram, mapping);
        }

        if (IsRefused(mapping, datagram))
        {
            return Drop(Direction.Downlink, Verdict.NotAPeer, datagram, mapping);
        }

        Part(mapping, now);
        Learn(mapping, server, client, now);
        Name(mapping, server, datagram, now);
        CountFor(mapping.Route, "handshakes", 1);
        AddFor(mapping.Route, MadeFor(mapping.Route, datagram), new PeerStatus { Handshakes = 1 });
        mapping.ServerUsedPort = true;
        ReviveIfLingering(mapping, now);
        mapping.AwaitsServer = false;
        BeginAnew(mapping);
        if (mapping.Proof < Proof.Established || rules.AnswersKeepAlive)
        {
            Refresh(mapping, now);
        }

        Earn(mapping, Proof.Answered, now);
        return Decide(Direction.Downlink, Verdict.Forward, mapping, 1, datagram.Length);
    }

    private ReferenceDecision ServerSendsCookie(ReferenceMapping mapping, ReadOnlyMemory<byte> datagram, Tick now)
    {
        bool asked = mapping.Asked.Contains(Index(datagram, 4));
        if ((!asked && mapping.Proof < Proof.Answered) || !MayBeSent(mapping, datagram.Length))
        {
            return Drop(Direction.Downlink, Verdict.Unsolicited, datagram, mapping);
        }

        if (asked)
        {
            mapping.CookieUntil = now + settings.CookieTimeout;
            ServerIsLoaded(mapping, now);
            LearnServerCookie(mapping, datagram);
            BeginAnew(mapping);
            if (mapping.Proof is Proof.Asked or Proof.Claimed or Proof.Lingering)
            {
                Tick limit = mapping.Proof == Proof.Claimed ? ClaimLimit(mapping)
                    : mapping.Proof == Proof.Lingering ? LingerLimit(mapping)
                    : Tick.Never;
                mapping.Expires = Tick.Max(mapping.Expires, rules.CookiesAreBounded ? Tick.Min(mapping.CookieUntil, limit) : mapping.CookieUntil);
            }
        }

        return Decide(Direction.Downlink, Verdict.Forward, mapping, 1, datagram.Length);
    }

    private ReferenceDecision ServerSends(ReferenceMapping mapping, ReadOnlyMemory<byte> run, int stride, Tick now)
    {
        uint client = Index(run, 4);
        (int datagrams, _) = Alike(run, stride);
        if (mapping.IsOnProbation)
        {
            // Out of probation: the index that let it in, and the one that the server uses, are a pair.
            mapping.IsOnProbation = false;
            Learn(mapping, mapping.ProbationIndex, client, now);
        }

        if (!mapping.Tunnel.Pairs.Any(pair => pair.Client == client && pair.Until > now))
        {
            ReferenceTunnel.Ask? taken = mapping.Tunnel.Asks.FirstOrDefault(ask => ask.Client == client && ask.Until > now);
            if (taken is null)
            {
                return Unexplained(mapping, run, stride, datagrams, now);
            }

            Learn(mapping, taken.Server, client, now);
        }

        mapping.ServerUsedPort = true;
        HeardServer(mapping, now);
        TakeAnswer(mapping, now);
        Move(mapping);
        Earn(mapping, Proof.Confirmed, now);
        EndTrial(mapping, client, now);
        return SendWithin(mapping, run, stride, datagrams, now, isKnown: true);
    }

    private ReferenceDecision Unexplained(ReferenceMapping mapping, ReadOnlyMemory<byte> run, int stride, int datagrams, Tick now)
    {
        if (mapping.Proof < Proof.Answered)
        {
            return Drop(Direction.Downlink, Verdict.Unsolicited, Datagrams(run, stride).First(), mapping);
        }

        return SendWithin(mapping, run, stride, datagrams, now, isKnown: false);
    }

    private ReferenceDecision SendWithin(ReferenceMapping mapping, ReadOnlyMemory<byte> run, int stride, int datagrams, Tick now, bool isKnown)
    {
        (Verdict verdict, datagrams, int bytes, bool isCongested) = Within(Direction.Downlink, mapping, run, stride, datagrams, now, isKnown);
        Counters["tolerated.Downlink"] += isKnown || verdict != Verdict.Forward ? 0 : datagrams;
        return Decide(Direction.Downlink, verdict, mapping, datagrams, bytes) with { IsCongested = isCongested };
    }

    /// <summary>Until the server answered him, nobody is sent more than he sent.</summary>
    private bool MayBeSent(ReferenceMapping mapping, int bytes) =>
        mapping.WasAnswered || mapping.Down + bytes <= mapping.Up
        || !rules.NeverMoreThanSent;
}
