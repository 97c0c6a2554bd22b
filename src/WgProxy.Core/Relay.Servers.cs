using System.Net;
using System.Runtime.CompilerServices;
using WgProxy.Core.Mappings;

namespace WgProxy.Core;

// Which of its server's addresses a mapping goes to, and what shows that the server does not answer there. An address is chosen
// when the mapping is added; later only by the rules here, and the engine is told.
public sealed partial class Relay
{
    // WireGuard answers data within 10 s, if with nothing else then with a keepalive (KEEPALIVE_TIMEOUT); a second for the way.
    private const long AnsweredWithin = 11_000;
    private const long BetweenSigns = 5_000;

    // Bounds what one call may look at and order, so that a route with many mappings does not hold up datagrams.
    private const int WalkedPerCall = 1_024;
    private const int RedirectsPerCall = 64;

    private readonly IPEndPoint?[] _servers;
    private readonly bool[] _isWalked;
    private int _walks;

    /// <summary>Where the slot's socket is to be connected to: chosen when the mapping was added, changed by
    /// <see cref="RelayEventKind.Redirected"/> only.</summary>
    public IPEndPoint ServerOf(int slot) => _servers[slot]!;

    /// <summary>The addresses of a route have changed. Its mappings are looked at by the next calls of <see cref="Advance"/>, so
    /// many by each.</summary>
    public void RouteChanged(int route)
    {
        _walks += _isWalked[route] ? 0 : 1;
        _isWalked[route] = true;
        _mappings.BeginWalk(route);
    }

    /// <summary>The engine had to give the slot's mapping a socket with another local port: the server knows nothing of it yet.
    /// </summary>
    public void PortChanged(int slot, ushort port)
    {
        ref Mapping mapping = ref _mappings[slot];
        mapping.Port = port;
        mapping.ServerSpoke = false;
    }

    /// <summary>The engine connected the slot's socket anew, because this host's own path to the server had changed.</summary>
    public void Rerouted(int slot)
    {
        BeginAnew(slot);
        Report(RelayEventKind.Rerouted, slot);
    }

    private int AddMapping(in Source source, int route, IPEndPoint server)
    {
        int slot = _mappings.Add(source, route);
        _servers[slot] = server;
        _live++;
        return slot;
    }

    /// <summary>Goes on looking at the mappings of changed routes. Whether some are left for the next call.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool ContinueWalks()
    {
        int looks = WalkedPerCall;
        int redirects = RedirectsPerCall;
        for (int route = 0; route < _isWalked.Length; route++)
        {
            while (_isWalked[route])
            {
                if (looks-- == 0 || redirects == 0)
                {
                    return true;
                }

                int slot = _mappings.Walk(route);
                if (slot < 0)
                {
                    _isWalked[route] = false;
                    _walks--;
                }
                else if (Reconsider(slot))
                {
                    redirects--;
                }
            }
        }

        return false;
    }

    /// <summary>Moves a mapping that goes unanswered at an address that its server no longer has. Whether it did.</summary>
    private bool Reconsider(int slot)
    {
        IReadOnlyList<IPEndPoint> addresses = RouteOf(slot).Addresses;
        if (!_mappings[slot].IsUnanswered || addresses.Count == 0 || addresses.Contains(ServerOf(slot)))
        {
            return false;
        }

        Redirect(slot, addresses[0]);
        return true;
    }

    private void Redirect(int slot, IPEndPoint server)
    {
        _servers[slot] = server;
        BeginAnew(slot);
        Report(RelayEventKind.Redirected, slot);
    }

    /// <summary>Data of the client's passed, more than a keepalive, to which WireGuard owes no answer. Called where
    /// <see cref="Mapping.OverdueFrom"/> has come: nothing was unanswered before, or something has been for too long.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AwaitAnswer(int slot, Tick now)
    {
        ref Mapping mapping = ref _mappings[slot];
        if (mapping.OverdueFrom == default)
        {
            mapping.OverdueFrom = now + AnsweredWithin;
            return;
        }

        mapping.OverdueFrom = now + BetweenSigns;
        GiveSign(slot, now);
    }

    /// <summary>An initiation of the client's passes.</summary>
    private void AwaitResponse(int slot, Tick now)
    {
        ref Mapping mapping = ref _mappings[slot];
        if (mapping.AsksInVain && mapping.Proof >= Proof.Established)
        {
            GiveSign(slot, now);
        }

        mapping.AsksInVain = true;
    }

    private void GiveSign(int slot, Tick now)
    {
        ref Tick until = ref _mappings.AsideOf(slot).NoSignUntil;
        if (now < until)
        {
            return;
        }

        until = now + BetweenSigns;
        _mappings[slot].IsUnanswered = true;

        // The order first: whoever looks at the path because of the sign then looks at the new one.
        Reconsider(slot);
        Report(RelayEventKind.Unanswered, slot);
    }

    /// <summary>Something valid came from the server, or the mapping has a new path: nothing counts as unanswered.</summary>
    private void BeginAnew(int slot)
    {
        ref Mapping mapping = ref _mappings[slot];
        mapping.OverdueFrom = default;
        mapping.AsksInVain = false;
        mapping.IsUnanswered = false;
    }
}
