using WgProxy.Core.Mappings;
using WgProxy.Core.Protocol;

namespace WgProxy.Core;

// What the server sends to a slot's port.
internal sealed partial class Relay
{
    private Decision InitiationFromServer(int slot, ReadOnlySpan<byte> datagram, Tick now)
    {
        ref Mapping mapping = ref _mappings[slot];
        if (!MayReceive(mapping, datagram.Length))
        {
            return Drop(Direction.Downlink, Verdict.Unsolicited, datagram, slot);
        }

        if (RefusalOfPeer(slot, datagram, now, out PeerId? peer) is Verdict refusal)
        {
            return Drop(Direction.Downlink, refusal, datagram, slot);
        }

        uint server = Datagram.SenderIndex(datagram);
        _tunnels.SplitOff(slot, now);
        _tunnels.Ask(slot, server, now, now + _settings.IndexLifetime);
        NamePeer(slot, server, peer, now);
        _life.HeardServerAsk(slot, now);
        return Forward(Direction.Downlink, slot, HandshakeMessage.Initiation, datagram.Length);
    }

    private Decision ResponseFromServer(int slot, ReadOnlySpan<byte> datagram, Tick now)
    {
        ref Mapping mapping = ref _mappings[slot];
        uint server = Datagram.SenderIndex(datagram);
        uint client = Datagram.ReceiverIndex(DatagramKind.Response, datagram);
        if (!mapping.RecentInitiations.Contains(client))
        {
            return Drop(Direction.Downlink, Verdict.Unsolicited, datagram, slot);
        }

        if (RefusalOfPeer(slot, datagram, now, out PeerId? peer) is Verdict refusal)
        {
            return Drop(Direction.Downlink, refusal, datagram, slot);
        }

        _tunnels.SplitOff(slot, now);
        _tunnels.Learn(slot, server, client, now, now + _settings.IndexLifetime);
        NamePeer(slot, server, peer, now);
        CountAnswer(slot, client, now);
        _routes[mapping.Route].Peers.CountHandshake(peer.GetValueOrDefault());
        _life.HeardAnswer(slot, now);
        mapping.Answers.BeginAnew();
        _life.Raise(slot, Proof.Answered, now);
        return Forward(Direction.Downlink, slot, HandshakeMessage.Response, datagram.Length);
    }

    private Decision CookieFromServer(int slot, ReadOnlySpan<byte> datagram, Tick now)
    {
        ref Mapping mapping = ref _mappings[slot];
        bool asked = mapping.RecentInitiations.Contains(Datagram.ReceiverIndex(DatagramKind.CookieReply, datagram));
        if ((!asked && mapping.Proof < Proof.Answered) || !MayReceive(mapping, datagram.Length))
        {
            return Drop(Direction.Downlink, Verdict.Unsolicited, datagram, slot);
        }

        if (asked)
        {
            _life.HeardCookie(slot, now);
            _admission.ServerSentCookie(mapping.Route, mapping.Proof >= Proof.Established, now);
            LearnServerCookie(slot, datagram);
            mapping.Answers.BeginAnew();
        }

        return Forward(Direction.Downlink, slot, HandshakeMessage.CookieReply, datagram.Length);
    }

    private Decision TransportFromServer(int slot, ReadOnlySpan<byte> run, int stride, Tick now)
    {
        ref Mapping mapping = ref _mappings[slot];
        uint receiver = Datagram.ReceiverIndex(DatagramKind.Transport, run);
        (int datagrams, int bytes) = Alike(run, stride, receiver);
        if (mapping.IsOnProbation)
        {
            Accept(slot, receiver, now);
        }

        if (_tunnels.HasClient(mapping.Tunnel, receiver, now, out uint? answered))
        {
            if (answered is uint server)
            {
                _tunnels.Learn(slot, server, receiver, now, now + _settings.IndexLifetime);
            }

            _life.HeardServer(slot, now);
            mapping.Answers.TakeAnswer(now);
            if (_tunnels[mapping.Tunnel].InUse != slot && _roaming.Move(slot) is >= 0 and int leaving)
            {
                _life.Evict(leaving);
            }

            _life.Raise(slot, Proof.Confirmed, now);
            if (mapping.IsOnTrial && _tunnels[mapping.Tunnel].IsUsed(receiver, now))
            {
                EndTrial(slot);
            }
        }
        else if (mapping.Proof < Proof.Answered)
        {
            return Drop(Direction.Downlink, Verdict.Unsolicited, First(run, stride), slot);
        }
        else
        {
            // Not charged to a rate either.
            Counters.Tolerate(Direction.Downlink, datagrams);
            return Forward(Direction.Downlink, slot, datagrams, bytes);
        }

        return ForwardData(Direction.Downlink, slot, First(run, stride).Length, datagrams, bytes, now);
    }

    /// <summary>Whether a source that the server has not answered may be sent this much: never more than it sent. So the relay
    /// amplifies nothing towards a spoofed address.</summary>
    private static bool MayReceive(in Mapping mapping, int bytes) =>
        mapping.WasAnswered || mapping.DownlinkBytes + bytes <= mapping.UplinkBytes;
}
