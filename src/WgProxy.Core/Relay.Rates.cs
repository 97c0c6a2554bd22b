using System.Runtime.CompilerServices;
using WgProxy.Core.Mappings;
using WgProxy.Core.Routes;

namespace WgProxy.Core;

// Data that is within its rates.
internal sealed partial class Relay
{
    private void KeepRates()
    {
        for (int index = 0; index < _routes.Limit; index++)
        {
            if (_routes.IsServed(index) && _routes[index].HasRates)
            {
                _tunnels.KeepCarried();
            }
        }
    }

    /// <summary>Forwards data with an index that the tunnel knows. Only a proven mapping's are charged to a rate: a claim may be an
    /// attacker's, who replays the tunnel's data from elsewhere and has a budget of its own.</summary>
    private Decision ForwardData(Direction direction, int slot, int first, int datagrams, int bytes, Tick now) =>
        _routes[_mappings[slot].Route].HasRates && _mappings[slot].Proof >= Proof.Established
            ? ForwardWithin(direction, slot, first, bytes, now)
            : Forward(direction, slot, datagrams, bytes);

    /// <summary>Forwards of data as much as the rates let pass, or drops what they do not.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Decision ForwardWithin(Direction direction, int slot, int first, int bytes, Tick now)
    {
        ref readonly Mapping mapping = ref _mappings[slot];
        RouteState route = _routes[mapping.Route];
        int fit = RateLimits.Fit(
            route, route.Peers.RateOf(PeerOf(slot)), ref _tunnels.CarriedBy(mapping.Tunnel, direction), direction, first, bytes, now, out bool isCongested);
        if (fit > 0)
        {
            return Forward(direction, slot, (fit + first - 1) / first, fit) with { IsCongested = isCongested };
        }

        // A shorter one at the end is asked about again: it may fit, or be a keepalive.
        int whole = bytes / first;
        Count(mapping.Route, direction, Verdict.OverRate, whole, whole * first);
        return new Decision(Verdict.OverRate, slot, whole * first);
    }
}
