using System.Runtime.CompilerServices;
using WgProxy.Core.Mappings;
using WgProxy.Core.Protocol;
using WgProxy.Core.Tunnels;
using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Core;

// What clients send but initiations: answers to the server, and data.
internal sealed partial class Relay
{
    /// <summary>A response or a cookie reply by a client: both answer an initiation by the server.</summary>
    private Decision AnswerFromClient(DatagramKind kind, ReadOnlySpan<byte> datagram, in Source source, Tick now)
    {
        Resolved found = _roaming.ResolveAnswer(kind, datagram, source, now);
        if (found.IsClaim && TryClaim(kind, datagram, source, found, now) is Decision claim)
        {
            return claim;
        }

        int slot = found.Slot;
        uint receiver = Datagram.ReceiverIndex(kind, datagram);
        if (!found.IsExplained)
        {
            if (kind == DatagramKind.Response && _sought is not null)
            {
                Seek(receiver, source, now);
            }

            Verdict verdict = slot < 0 ? Verdict.NoMapping
                : _tunnels.HasIssued(_mappings[slot].Tunnel, receiver, now) ? Verdict.BadMac1
                : Verdict.UnknownIndex;
            return Drop(Direction.Uplink, verdict, datagram, slot);
        }

        if (_mappings[slot].Proof == Proof.Claimed && !_mappings.ExtrasOf(slot).Claim.TryTake(datagram.Length, ClaimPerSecond, ClaimBurst, now))
        {
            return Drop(Direction.Uplink, Verdict.OverBudget, datagram, slot);
        }

        // A cookie reply is no sign of life, because it needs no key. An attacker who forged the server's initiation could forge it too.
        if (kind == DatagramKind.Response)
        {
            _life.HeardClient(slot, now);
            if (_tunnels.Answer(slot, receiver, Datagram.SenderIndex(datagram), now) == slot)
            {
                ShowPeer(slot, receiver, now);

                // Only a client that received the server's initiation on this port knows its index. That proves as much as using an answer's.
                _life.Raise(slot, Proof.Established, now);
            }
        }

        return Forward(Direction.Uplink, slot, kind == DatagramKind.Response ? HandshakeMessage.Response : HandshakeMessage.CookieReply, datagram.Length);
    }

    private Decision TransportFromClient(ReadOnlySpan<byte> run, int stride, in Source source, Tick now)
    {
        uint receiver = Datagram.ReceiverIndex(DatagramKind.Transport, run);

        // Mostly the mapping that the source used last explains its data. Asked here: by way of another object it costs 2 ns more.
        int bucket = _mappings.FindBucket(source);
        int first = _mappings.FirstIn(bucket);
        Resolved found = first >= 0 && _mappings[first].Proof != Proof.Claimed && _tunnels.UseDataIndex(_mappings[first].Tunnel, receiver, now)
            ? Resolved.Explained(first)
            : _roaming.ResolveData(run, receiver, bucket, now);
        if (!found.IsExplained)
        {
            if (!found.IsClaim)
            {
                if (_sought is not null)
                {
                    Seek(receiver, source, now);
                }

                return found.Slot < 0 ? Adopt(run, stride, source, now) : Unexplained(found.Slot, run, stride, receiver, now);
            }

            if (TryClaim(DatagramKind.Transport, First(run, stride), source, found, now) is Decision claim)
            {
                return claim;
            }

            found = _roaming.UseInstead(receiver, now);
        }

        int slot = found.Slot;
        (int datagrams, int bytes) = Alike(run, stride, receiver);
        ref Mapping mapping = ref _mappings[slot];

        // It can only know an index that the server named on this port by having received it here.
        bool received = mapping.Proof < Proof.Established && _tunnels.NamedOn(mapping.Tunnel, slot, receiver, now);
        if (mapping.Proof == Proof.Claimed && !received
            && !_mappings.ExtrasOf(slot).Claim.TryTake(bytes, ClaimPerSecond, ClaimBurst, now))
        {
            return DropAll(Verdict.OverBudget, slot, datagrams, bytes);
        }

        ShowPeer(slot, receiver, now);
        _life.HeardClient(slot, now);
        if (received)
        {
            _life.Raise(slot, Proof.Established, now);
        }

        Decision decision = ForwardData(Direction.Uplink, slot, First(run, stride).Length, datagrams, bytes, now);
        if (mapping.Answers.IsDue(now) && mapping.Proof >= Proof.Established && bytes > datagrams * WireGuard.TransportMinimumSize
            && decision.Verdict == Verdict.Forward)
        {
            AwaitAnswer(slot, now);
        }

        return decision;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Decision Unexplained(int slot, ReadOnlySpan<byte> run, int stride, uint receiver, Tick now)
    {
        ref Mapping mapping = ref _mappings[slot];
        (int datagrams, int bytes) = Alike(run, stride, receiver);
        Verdict verdict = UnknownTransport(slot, bytes, now);
        if (verdict != Verdict.Forward)
        {
            return DropAll(verdict, slot, datagrams, bytes);
        }

        if (mapping.IsOnProbation)
        {
            _life.ExtendProbation(slot, receiver, now);
        }

        // Not charged to a rate: anyone may send such data under the client's address. They have a budget of their own.
        Counters.Tolerate(Direction.Uplink, datagrams);
        return Forward(Direction.Uplink, slot, datagrams, bytes);
    }

    private Decision DropAll(Verdict verdict, int slot, int datagrams, int bytes)
    {
        Count(slot < 0 ? -1 : _mappings[slot].Route, Direction.Uplink, verdict, datagrams, bytes);
        return new Decision(verdict, slot, bytes);
    }

    private Verdict UnknownTransport(int slot, int bytes, Tick now)
    {
        ref Mapping mapping = ref _mappings[slot];
        bool proven = mapping.Proof >= Proof.Established;
        return mapping.Proof switch
        {
            Proof.Lingering => Verdict.UnknownIndex,
            Proof.Asked => Verdict.NotProven,
            _ => _mappings.ExtrasOf(slot).Unknown.TryTake(
                bytes,
                proven ? UnknownProvenPerSecond : UnknownPerSecond,
                proven ? UnknownProvenBurst : UnknownBurst,
                now) ? Verdict.Forward : Verdict.OverBudget,
        };
    }

    /// <summary>The length of the run's beginning that is transport for one receiver, in datagrams and bytes. Only the
    /// first bytes of each datagram are looked at.</summary>
    private static (int Datagrams, int Bytes) Alike(ReadOnlySpan<byte> run, int stride, uint receiver)
    {
        int bytes = First(run, stride).Length;
        int datagrams = 1;
        while (bytes < run.Length)
        {
            ReadOnlySpan<byte> next = First(run[bytes..], stride);
            if (Datagram.Classify(next) != DatagramKind.Transport
                || Datagram.ReceiverIndex(DatagramKind.Transport, next) != receiver)
            {
                break;
            }

            bytes += next.Length;
            datagrams++;
        }

        return (datagrams, bytes);
    }
}
