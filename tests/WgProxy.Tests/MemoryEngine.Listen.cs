using System.Net;
using WgProxy.Core.Engine;

namespace WgProxy.Tests;

// Addresses that come and go.
internal sealed partial class MemoryEngine
{
    /// <inheritdoc/>
    public void ListenOn(IReadOnlyList<IPEndPoint> listen)
    {
        IPEndPoint[] wanted = [.. listen.Where(each => each.Port != 0)];
        IPEndPoint[] removed = [.. Listening.Except(wanted)];
        if (wanted.Except(Listening).Any(each => _network.IsBound(each.Address, each.Port)))
        {
            throw new EngineException("another program uses this UDP port") { Cause = EngineRefusal.PortInUse };
        }

        Listening = [.. Listening.Intersect(wanted), .. wanted.Except(Listening).ToArray().Select(each => Bind(each.Address, each.Port))];
        foreach (Upstream upstream in _upstreams.OfType<Upstream>().Where(each => removed.Contains(each.Listening)).ToArray())
        {
            _relay.EndNotServedHere(upstream.Slot);
            HandleEvents();
        }

        Array.ForEach(removed, _network.Close);
    }
}
