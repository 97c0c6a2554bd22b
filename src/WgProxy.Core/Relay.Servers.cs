using System.Net;
using System.Runtime.CompilerServices;
using WgProxy.Core.Mappings;
using WgProxy.Core.Routes;
using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Core;

// The choice among the addresses of a mapping's server, and the signs that the server does not answer there. The relay chooses an address
// when it adds the mapping. Later only the rules here change it, and the engine gets an event.
internal sealed partial class Relay
{
    private readonly IPEndPoint?[] _servers;

    /// <summary>The address to which the slot's socket is to be connected. It is chosen when the mapping is added, and
    /// <see cref="RelayEventKind.Redirected"/> reports each change.</summary>
    public IPEndPoint ServerOf(int slot) => _servers[slot]!;

    /// <summary>The engine had to give the slot's mapping a socket with another local port: the server knows nothing of it yet.
    /// </summary>
    public void PortChanged(int slot, ushort port) => _life.PortChanged(slot, port);

    /// <summary>The engine reconnected the slot's socket, because this host's own path to the server had changed.</summary>
    public void Rerouted(int slot)
    {
        _mappings[slot].Answers.BeginAnew();
        _life.Report(RelayEventKind.Rerouted, slot);
    }

    /// <summary>The engine could not connect the socket of a slot that is being opened to <see cref="ServerOf"/>. Whether there is
    /// another address of its server to try, which then is the slot's.</summary>
    public bool TryNextServer(int slot, Tick now)
    {
        ServerAddresses addresses = AddressesOf(slot);
        addresses.Failed(ServerOf(slot), now);
        if (NextOf(slot, now) is not IPEndPoint next)
        {
            return false;
        }

        Place(slot, next);
        _life.Report(RelayEventKind.PassedOver, slot);
        return true;
    }

    /// <summary>The engine found that this host has no path to where the slot's open socket is connected, or was ordered to be. An
    /// order goes to the next address at once; else the mapping is moved when its client goes unanswered, as it soon will.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="ordered">Whether an order could not be carried out.</param>
    /// <param name="now">The instant.</param>
    public void Unreachable(int slot, bool ordered, Tick now)
    {
        ServerAddresses addresses = AddressesOf(slot);
        addresses.Failed(ServerOf(slot), now);
        ref Mapping mapping = ref _mappings[slot];
        if (ordered && NextOf(slot, now) is IPEndPoint next)
        {
            Redirect(slot, next);
        }
        else
        {
            // A socket that is not yet moved hears the former address. That is no answer from the new one.
            if (ordered && mapping.IsOnTrial)
            {
                _mappings.ExtrasOf(slot).OwesTrial = true;
                mapping.IsOnTrial = false;
            }

            mapping.Answers.LosePath(now);
        }
    }

    /// <summary>The engine found that this host has the path to the slot's server by which its socket is connected, or connected it
    /// where it had been ordered to be and could not until now.</summary>
    public void Reachable(int slot)
    {
        ref Mapping mapping = ref _mappings[slot];
        mapping.IsOnTrial |= PayTrial(slot);
        mapping.Answers.FindPath();
    }

    private int AddMapping(in Source source, int route, IPEndPoint server)
    {
        int slot = _mappings.Add(source, route);
        Place(slot, server);
        _mappings[slot].IsOnTrial = _routes[route].Addresses.Answering is null;
        return slot;
    }

    private void Place(int slot, IPEndPoint server)
    {
        _servers[slot] = server;
        _mappings.MarkChanged(slot);
        _mappings[slot].Answers.Place(IsElsewhere(slot));
    }

    /// <summary>Whether the server is said or known to be elsewhere. The row's watch keeps it, for each request of a client's.
    /// </summary>
    private bool IsElsewhere(int slot)
    {
        ServerAddresses addresses = AddressesOf(slot);
        return addresses.AnswersElsewhere(ServerOf(slot)) || !addresses.IsListed(ServerOf(slot));
    }

    /// <summary>Whether a mapping that is to be moved has gone unanswered where the server is known to answer. There is no reason to hurry back, and
    /// a server with the same key that has no tunnels answers only the client's next initiation, 15 s after its data.</summary>
    private bool DoubtsAnswering(int slot) => ServerOf(slot).Equals(AddressesOf(slot).Answering)
        || ((_mappings[slot].IsOnTrial || OwesTrial(slot)) && !_mappings[slot].Answers.IsElsewhere);

    private bool OwesTrial(int slot) => _mappings[slot].HasExtras && _mappings.ExtrasOf(slot).OwesTrial;

    /// <summary>Whether a trial was owed. It is no more.</summary>
    private bool PayTrial(int slot)
    {
        bool owed = OwesTrial(slot);
        if (owed)
        {
            _mappings.ExtrasOf(slot).OwesTrial = false;
        }

        return owed;
    }

    private ServerAddresses AddressesOf(int slot) => _routes[_mappings[slot].Route].Addresses;

    private IPEndPoint? NextOf(int slot, Tick now) => AddressesOf(slot).Next(
        ServerOf(slot), goesRound: _mappings[slot].IsOnTrial || OwesTrial(slot) || _mappings[slot].Proof < Proof.Established, now);

    /// <summary>Moves a mapping from an address that its server no longer has, if it is unanswered there or another address
    /// is known to answer. An answered mapping stays until then. Returns whether it moved.</summary>
    private bool Reconsider(int slot, Tick now)
    {
        ServerAddresses addresses = AddressesOf(slot);
        ref Mapping mapping = ref _mappings[slot];
        IPEndPoint current = ServerOf(slot);
        mapping.Answers.Place(IsElsewhere(slot));
        bool moves = mapping.Answers.IsUnanswered || addresses.AnswersElsewhere(current) || addresses.IsRenewed(current);
        if (moves && !addresses.IsListed(current) && NextOf(slot, now) is IPEndPoint next)
        {
            Redirect(slot, next);
            return true;
        }

        mapping.Answers.Hurry(now);
        return false;
    }

    private void Redirect(int slot, IPEndPoint server)
    {
        bool doubts = DoubtsAnswering(slot);
        Place(slot, server);
        ref Mapping mapping = ref _mappings[slot];
        if (doubts && AddressesOf(slot).IsListed(server))
        {
            mapping.Answers.Place(isElsewhere: false);
        }

        mapping.Answers.BeginAnew();
        mapping.IsOnTrial |= PayTrial(slot) || mapping.Proof >= Proof.Established;
        _life.Report(RelayEventKind.Redirected, slot);
    }

    /// <summary>Data of the client's passed, more than a keepalive, to which WireGuard owes no answer. Called where
    /// <see cref="AnswerWatch.IsDue"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AwaitAnswer(int slot, Tick now)
    {
        if (_mappings[slot].Answers.CountData(now))
        {
            GiveSign(slot, moves: true, now);
        }
    }

    /// <summary>An initiation of the client's passes. A proven client's may be a sign; it moves the mapping where something else says too
    /// that it goes unanswered, or where it has asked for long. One that was moved, and whose data still wait, has each of its initiations go to
    /// another address: whichever of the server's has its key answers.</summary>
    private void AwaitResponse(int slot, Tick now)
    {
        ref Mapping mapping = ref _mappings[slot];
        if (mapping.Proof < Proof.Established)
        {
            if (mapping.Proof == Proof.Asked && mapping.Answers.HasNewcomerWaited(now))
            {
                AskElsewhere(slot, now);
            }

            mapping.Answers.CountNewcomersAsk();
        }
        else if (mapping.Answers.CountAsk(now))
        {
            IPEndPoint asked = ServerOf(slot);
            bool goesRound = mapping.IsOnTrial && mapping.Answers.HasDataWaiting;
            GiveSign(slot, moves: goesRound || mapping.Answers.HasWaitedLong(now) || !AddressesOf(slot).IsListed(asked), now);
            if (goesRound && !asked.Equals(ServerOf(slot)))
            {
                mapping.Answers.BeginAsking(now);
            }
        }
    }

    /// <summary>A newcomer asks again, at the next address of its server if there are several. Other mappings learn nothing from it, because
    /// anyone who knows the public key can ask in vain.</summary>
    private void AskElsewhere(int slot, Tick now)
    {
        if ((_mappings[slot].HasExtras && now < _mappings.ExtrasOf(slot).NoSignUntil)
            || NextOf(slot, now) is not IPEndPoint next)
        {
            return;
        }

        _mappings.ExtrasOf(slot).NoSignUntil = now + AskedElsewhereAfter;
        Redirect(slot, next);
    }

    private void GiveSign(int slot, bool moves, Tick now)
    {
        ref MappingExtras extras = ref _mappings.ExtrasOf(slot);
        if (now < extras.NoSignUntil)
        {
            return;
        }

        extras.NoSignUntil = now + BetweenSigns;
        _mappings[slot].Answers.GiveSign();

        // The order comes first, so that a look at the path because of the sign sees the new address.
        if (moves && NextOf(slot, now) is IPEndPoint next)
        {
            Redirect(slot, next);
        }

        _life.Report(RelayEventKind.Unanswered, slot);
    }

    /// <summary>The server sent data to a mapping that is on trial at its address, for keys that the client has used. The client
    /// accepted those keys, so the true server answers there, and not an attacker who plays both ends. Newcomers then use this address, and so do
    /// mappings at addresses that the server no longer has.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void EndTrial(int slot)
    {
        ref Mapping mapping = ref _mappings[slot];
        mapping.IsOnTrial = false;
        ServerAddresses addresses = AddressesOf(slot);
        if (mapping.Proof >= Proof.Established && addresses.IsListed(ServerOf(slot)) && !ServerOf(slot).Equals(addresses.Answering))
        {
            addresses.Answered(ServerOf(slot));
            Walk(_routes[mapping.Route]);
        }
    }
}
