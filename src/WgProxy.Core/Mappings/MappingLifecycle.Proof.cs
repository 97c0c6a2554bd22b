using System.Runtime.CompilerServices;
using WgProxy.Core.Protocol;

namespace WgProxy.Core.Mappings;

// What packets prove, and what happens when they stop coming.
internal sealed partial class MappingLifecycle
{
    /// <summary>A packet of the client with an index that the server issued.</summary>
    public void HeardClient(int slot, Tick now)
    {
        ReviveLingering(slot, now);
        _mappings[slot].AwaitsClient = false;
        Refresh(slot, now);
    }

    /// <summary>A packet of the server with an index that the client issued.</summary>
    public void HeardServer(int slot, Tick now)
    {
        _mappings[slot].ServerUsedPort = true;
        ReviveLingering(slot, now);
        _mappings[slot].AwaitsServer = false;
        Refresh(slot, now);
    }

    /// <summary>The server's answer to an initiation under the client's address. An attacker may have forged the initiation. So the answer is no
    /// sign of life of a proven mapping. A client that asked uses the answer at once, and that use is one.</summary>
    public void HeardAnswer(int slot, Tick now)
    {
        HeardServerAsk(slot, now);
        if (_mappings[slot].Proof < Proof.Established)
        {
            Refresh(slot, now);
        }
    }

    /// <summary>How many milliseconds ago the client's last initiation was forwarded, if the server answers that, and for the first time.
    /// </summary>
    public long? TakeAnswer(int slot, uint client, Tick now)
    {
        if (_askedAt[slot] == 0 || client != _mappings[slot].LastInitiation)
        {
            return null;
        }

        uint passed = unchecked((uint)now.Milliseconds - _askedAt[slot]);
        _askedAt[slot] = 0;
        return passed;
    }

    /// <summary>An initiation by the server.</summary>
    public void HeardServerAsk(int slot, Tick now)
    {
        ref Mapping mapping = ref _mappings[slot];
        mapping.ServerUsedPort = true;
        ReviveLingering(slot, now);
        mapping.AwaitsServer = false;
    }

    /// <summary>A cookie of the server's for this mapping's port. A mapping that waits for an answer waits as long as the cookie is
    /// good, within the limit of its kind.</summary>
    public void HeardCookie(int slot, Tick now)
    {
        ref Mapping mapping = ref _mappings[slot];
        _mappings.ExtrasOf(slot).CookieUntil = now + _settings.CookieTimeout;
        _mappings.MarkChanged(slot);
        if (mapping.Proof is Proof.Asked or Proof.Claimed or Proof.Lingering)
        {
            Tick limit = mapping.Proof switch
            {
                Proof.Claimed => ClaimLimit(slot),
                Proof.Lingering => LingerLimit(slot),
                _ => Tick.Never,
            };
            Schedule(slot, Tick.Max(mapping.Expires, Tick.Min(_mappings.CookieUntil(slot), limit)));
        }
    }

    /// <summary>Keeps the cookie that the server sent: it is good as long as <see cref="HeardCookie"/> says.</summary>
    public void KeepCookie(int slot, UInt128 cookie) => _mappings.ExtrasOf(slot).ServerCookie = cookie;

    /// <summary>The client has shown a cookie: what is sent to its address arrives there.</summary>
    public void ShowedCookie(int slot) => _mappings[slot].HasShown = true;

    /// <summary>A client has asked again. That takes only the public key and the client's address, so it revives
    /// no mapping. A lingering mapping keeps its end until the server answers. It only becomes the last of its class to make
    /// room.</summary>
    public void AskedAgain(int slot, ReadOnlySpan<byte> initiation, Tick now)
    {
        Remember(slot, initiation, now);
        switch (_mappings[slot].Proof)
        {
            case Proof.Asked:
                Schedule(slot, AskedDeadline(slot, now));
                break;
            case Proof.Claimed:
                Schedule(slot, ClaimAskedDeadline(slot, now));
                break;
            case Proof.Lingering:
                Requeue(slot, Proof.Lingering);
                break;
        }
    }

    /// <summary>Raises the proof to what has just been earned; never lowers it.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Raise(int slot, Proof earned, Tick now)
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

        EndProbation(slot);
        mapping.WasAnswered = true;
        Requeue(slot, earned);
        if (earned >= Proof.Established)
        {
            _mappings.Traffic.Begin(slot, mapping);
            _hooks.ServerAccepted(slot, now);
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
        Follow(slot, now);
        if (earned >= Proof.Established && (mapping.AwaitsClient || mapping.AwaitsServer))
        {
            // It was revived at a lower proof, whose deadline may be later.
            Schedule(slot, Tick.Min(mapping.Expires, now + _settings.RevivedTimeout));
        }
    }

    /// <summary>A mapping on probation sent data with this index, and they passed.</summary>
    public void ExtendProbation(int slot, uint index, Tick now)
    {
        _mappings.ExtrasOf(slot).ProbationIndex = index;
        Schedule(slot, now + _settings.ProbationTimeout);
    }

    /// <summary>The mapping is not on probation, or no longer.</summary>
    public void EndProbation(int slot)
    {
        ref Mapping mapping = ref _mappings[slot];
        Population.CountProbation(mapping.IsOnProbation ? -1 : 0);
        mapping.IsOnProbation = false;
    }

    /// <summary>What the server's answer, or its cookie, will refer to.</summary>
    private void Remember(int slot, ReadOnlySpan<byte> initiation, Tick now)
    {
        ref Mapping mapping = ref _mappings[slot];
        mapping.LastInitiation = Datagram.SenderIndex(initiation);
        _askedAt[slot] = Math.Max(1, unchecked((uint)now.Milliseconds));
        mapping.RecentInitiations.Add(mapping.LastInitiation);
        initiation.Slice(WireGuard.InitiationMac1Offset, WireGuard.MacSize).CopyTo(mapping.LastMac1);
    }

    // The hot path only moves the row's deadline later. The heap corrects its entry when the old deadline comes up.
    private void Refresh(int slot, Tick now)
    {
        ref Mapping mapping = ref _mappings[slot];
        mapping.LastValid = now;
        if (mapping.Proof >= Proof.Established && !mapping.AwaitsClient && !mapping.AwaitsServer)
        {
            mapping.HasLingered = false;
            Schedule(slot, now + IdleTimeoutOf(slot));
        }
        else if (mapping.Proof == Proof.Claimed)
        {
            Schedule(slot, ClaimDeadline(slot, now));
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
        LimitTo(mapping.Former);
        Requeue(slot, mapping.Former);
        mapping.AwaitsClient = mapping.AwaitsServer = true;
        mapping.Answers.Revive(now);
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
            // A client that returns after a long tunnel is not a newcomer.
            _hooks.ServerAccepted(slot, now);
        }

        mapping.Former = mapping.Proof;
        Requeue(slot, Proof.Lingering);
        Schedule(slot, _mappings.ExtrasOf(slot).LingersUntil);
        Report(RelayEventKind.Lingered, slot);
    }
}
