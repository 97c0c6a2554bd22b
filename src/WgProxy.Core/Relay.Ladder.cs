using System.Net;
using System.Runtime.CompilerServices;
using WgProxy.Core.Mappings;
using static WgProxy.Core.Vocabulary.Limits;
using WgProxy.Core.Tunnels;

namespace WgProxy.Core;

// The life of a mapping: admission, proof, deadlines, the end.
public sealed partial class Relay
{
    // Who makes room for a newcomer, in this order. Never a proven mapping: a newcomer has shown nothing but knowledge
    // of the public key, and that must not end anybody's tunnel.
    private static ReadOnlySpan<Proof> Displaceable =>
        [Proof.Lingering, Proof.Asked, Proof.Claimed, Proof.Answered];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Decision Admit(ReadOnlySpan<byte> initiation, in Source source, int route, Tick now)
    {
        if (_addresses[route].Best(now) is not IPEndPoint server)
        {
            return Drop(Direction.Uplink, Verdict.NoServer, initiation);
        }

        if (Judge(initiation, source, route, now, out Share share) is Verdict refusal)
        {
            return refusal == Verdict.Reply
                ? SendCookie(initiation, source, route, slot: -1, now)
                : Drop(Direction.Uplink, refusal, initiation);
        }

        if (!MakeRoom(Proof.Asked, _settings.MaxAsked, Displaceable))
        {
            return Drop(Direction.Uplink, Verdict.TableFull, initiation);
        }

        int slot = AddMapping(source, route, server);
        ref Mapping mapping = ref _mappings[slot];
        _tunnels.Add(slot, route);
        mapping.Admitted = share;
        mapping.HasShown = share == Share.Verified;
        mapping.AskedSince = now;
        mapping.AskedInVain = 1;
        RememberAsking(slot, initiation);
        mapping.Initiations.TryTake(1, InitiationsPerSecond, InitiationBurst, now);
        mapping.UplinkBytes = initiation.Length;
        Enqueue(slot, Proof.Asked);
        Schedule(slot, AskedDeadline(slot, now));
        Counters.Count(Direction.Uplink, Verdict.Open, 1, initiation.Length);
        return new Decision(Verdict.Open, slot, initiation.Length);
    }

    /// <summary>Lets somebody go where there is no room. Nobody knows yet whether the newcomer's socket opens, but often it
    /// could not before: limits go by the open files there may be, and engines close whoever went before they open. If the
    /// socket does not open even so, the place is free for the next.</summary>
    private bool MakeRoom(Proof newcomer, int limit, ReadOnlySpan<Proof> displaceable)
    {
        LimitTo(limit, newcomer);
        foreach (Proof proof in displaceable)
        {
            if (_live < _settings.MaxMappings)
            {
                break;
            }

            if (_queues.Count(proof) > 0)
            {
                End(_queues.Oldest(proof), RelayEventKind.Evicted);
            }
        }

        return _live < _settings.MaxMappings && _mappings.HasFree;
    }

    /// <summary>Lets the oldest go where there are as many of a proof as there may be: one more is coming.</summary>
    private void LimitTo(int limit, Proof proof)
    {
        if (_queues.Count(proof) >= limit)
        {
            End(_queues.Oldest(proof), RelayEventKind.Evicted);
        }
    }

    /// <summary>A packet of the client with an index that the server issued.</summary>
    private void HeardClient(int slot, Tick now)
    {
        ReviveLingering(slot, now);
        _mappings[slot].AwaitsClient = false;
        Refresh(slot, now);
    }

    /// <summary>A packet of the server with an index that the client issued.</summary>
    private void HeardServer(int slot, Tick now)
    {
        ReviveLingering(slot, now);
        _mappings[slot].AwaitsServer = false;
        TakeAnswer(slot, now);
        Refresh(slot, now);
    }

    /// <summary>The server's answer to an initiation under the client's address. Anybody may have forged that, so it is no sign
    /// of life of a proven mapping's: the client that asked uses the answer at once, and that is one.</summary>
    private void HeardAnswer(int slot, Tick now)
    {
        ReviveLingering(slot, now);
        _mappings[slot].AwaitsServer = false;
        BeginAnew(slot);
        if (_mappings[slot].Proof < Proof.Established)
        {
            Refresh(slot, now);
        }
    }

    // The hot path: it only moves the row's deadline later, which the heap learns when the old one comes up.
    private void Refresh(int slot, Tick now)
    {
        ref Mapping mapping = ref _mappings[slot];
        mapping.LastValid = now;
        if (mapping.Proof >= Proof.Established && !mapping.AwaitsClient && !mapping.AwaitsServer)
        {
            mapping.HasLingered = false;
            Schedule(slot, now + _settings.IdleTimeout);
        }
        else if (mapping.Proof == Proof.Claimed)
        {
            Schedule(slot, ClaimDeadline(slot, now));
        }
    }

    /// <summary>Raises the proof to what has just been earned; never lowers it.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Raise(int slot, Proof earned, Tick now)
    {
        ref Mapping mapping = ref _mappings[slot];
        if (earned == Proof.Answered && mapping.Proof <= Proof.Answered)
        {
            mapping.AwaitsClient = mapping.AwaitsServer = false;
            Tick limit = mapping.HasLingered ? LingerLimit(slot) + _settings.RevivedTimeout : Tick.Never;
            Schedule(slot, Tick.Min(now + _settings.AnsweredTimeout, limit));
        }

        if (earned <= mapping.Proof)
        {
            return;
        }

        LeaveProbation(ref mapping);
        mapping.WasAnswered = true;
        Requeue(slot, earned);
        if (earned >= Proof.Established)
        {
            _gate.Accepted(mapping.Source, now);
        }

        Report(
            earned switch
            {
                Proof.Answered => RelayEventKind.Answered,
                Proof.Established => RelayEventKind.Established,
                _ => RelayEventKind.Confirmed,
            },
            slot);
        Refresh(slot, now);
        if (earned >= Proof.Established && (mapping.AwaitsClient || mapping.AwaitsServer))
        {
            // Revived at a lower proof, whose deadline may be later.
            Schedule(slot, Tick.Min(mapping.Expires, now + _settings.RevivedTimeout));
        }
    }

    private void ReviveLingering(int slot, Tick now)
    {
        if (_mappings[slot].Proof == Proof.Lingering)
        {
            Revive(slot, now);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Revive(int slot, Tick now)
    {
        ref Mapping mapping = ref _mappings[slot];
        if (mapping.Former is Proof.Asked or Proof.Claimed)
        {
            LimitTo(mapping.Former == Proof.Asked ? _settings.MaxAsked : _settings.MaxClaimed, mapping.Former);
        }

        Requeue(slot, mapping.Former);
        mapping.AwaitsClient = mapping.AwaitsServer = true;
        mapping.AskedSince = now;
        Schedule(slot, now + _settings.RevivedTimeout);
        Report(RelayEventKind.Revived, slot);
    }

    private void Expire(int slot, Tick now)
    {
        ref Mapping mapping = ref _mappings[slot];
        if (mapping.Proof == Proof.Lingering || !mapping.ServerUsedPort || (mapping.HasLingered && _mappings.ExtrasOf(slot).LingersUntil <= now))
        {
            End(slot, RelayEventKind.Expired);
            return;
        }

        if (!mapping.HasLingered)
        {
            mapping.HasLingered = true;
            _mappings.ExtrasOf(slot).LingersUntil = now + _settings.LingerTimeout;
        }

        if (mapping.Proof >= Proof.Established)
        {
            // Whoever comes back after a long tunnel is no newcomer.
            _gate.Accepted(mapping.Source, now);
        }

        mapping.Former = mapping.Proof;
        Requeue(slot, Proof.Lingering);
        Schedule(slot, _mappings.ExtrasOf(slot).LingersUntil);
        Report(RelayEventKind.Lingered, slot);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void End(int slot, RelayEventKind how)
    {
        ref Mapping mapping = ref _mappings[slot];
        _mappings.Unlink(slot);
        _tunnels.Leave(slot);
        LeaveProbation(ref mapping);
        _deadlines.Remove(slot);
        Dequeue(slot);
        mapping.Proof = Proof.None;
        _live--;
        Report(how, slot);
    }

    private void LeaveProbation(ref Mapping mapping)
    {
        _onProbation -= mapping.IsOnProbation ? 1 : 0;
        mapping.IsOnProbation = false;
    }

    private Tick AskedDeadline(int slot, Tick now)
    {
        Tick retries = Tick.Min(now + _settings.AskedTimeout, _mappings[slot].AskedSince + _settings.AskedLimit);
        return Tick.Max(retries, _mappings.CookieUntil(slot));
    }

    private void Schedule(int slot, Tick at)
    {
        _mappings[slot].Expires = at;
        _deadlines.NoLaterThan(slot, at);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Enqueue(int slot, Proof proof)
    {
        ref Mapping mapping = ref _mappings[slot];
        mapping.Proof = proof;
        _queues.Append(slot, proof);
        Counters.Live(proof, 1);
        mapping.Counted = ShareOf(mapping);
        if (mapping.Counted == Share.Claimed)
        {
            // The tunnel may be another before the claim ends.
            _mappings.ExtrasOf(slot).Charged = _tunnels[mapping.Tunnel].Owner;
        }

        if (mapping.Counted != Share.None)
        {
            _shares.Add(ChargedFor(slot), mapping.Counted);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Dequeue(int slot)
    {
        ref Mapping mapping = ref _mappings[slot];
        _queues.Remove(slot, mapping.Proof);
        Counters.Live(mapping.Proof, -1);
        if (mapping.Counted != Share.None)
        {
            _shares.Remove(ChargedFor(slot), mapping.Counted);
        }
    }

    private Prefix ChargedFor(int slot) =>
        _mappings[slot].Counted == Share.Claimed ? new Prefix(_mappings.ExtrasOf(slot).Charged, 0) : _mappings[slot].Source.Prefix;

    private void Requeue(int slot, Proof proof)
    {
        Dequeue(slot);
        Enqueue(slot, proof);
    }
}
