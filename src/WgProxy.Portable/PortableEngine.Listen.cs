using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Admission;
using WgProxy.Core.Engine;

namespace WgProxy.Portable;

// Addresses that come and go while the engine runs.
public sealed partial class PortableEngine
{
    private readonly Lock _listenChanges = new();
    private IReadOnlyList<IPEndPoint> _asked = [];
    private StrangerSpread? _spread;

    /// <inheritdoc/>
    public void ListenOn(IReadOnlyList<IPEndPoint> listen)
    {
        lock (_listenChanges)
        {
            if (_stopped || _spread is null)
            {
                throw new EngineException("the engine does not run");
            }

            if (_settings.Inherited is { HandedOver.Count: > 0 })
            {
                throw RefusalText.HandedOverStay();
            }

            ListenChange change = ListenChange.Of(_asked, Listening, listen, isIPv4 => isIPv4 ? Socket.OSSupportsIPv4 : Socket.OSSupportsIPv6);
            IReadOnlyList<PortableEngineGroup> groups = change.Added.Count == 0
                ? []
                : PortableEngineSockets.Open(change.Added, mayShare: OperatingSystem.IsLinux(), [.. change.Added.SelectMany(plan => plan.EndPoints)], change.Kept);
            PortableEngineListener[] added = [.. groups.SelectMany(group => Listeners(group, new PortableEngineStrangers(group.Strangers, _spread)))];
            PortableEngineKept.Keep(groups, _settings.Inherited);
            PortableEngineListener[] removed = [.. _listeners.Where(each => change.Removed.Contains(each.EndPoint))];
            lock (_lock)
            {
                Array.ForEach(removed, each => each.IsEnding = true);
                _listeners = [.. _listeners.Except(removed), .. added];
                Listening = [.. _listeners.Where(each => each.Data == each).Select(each => each.EndPoint)];
                _places = new ListenPlaces(Listening, knowsLocal: false);
            }

            Array.ForEach(added, each => each.Start());
            while (EndSome())
            {
                // The lock was free for a moment, so that datagrams pass.
            }

            // The readers end first: see CloseListeners.
            Array.ForEach(removed, each => each.Join());
            Array.ForEach(removed, each => each.Close());
            _asked = listen;
            PortableEngineKept.Forget(change.Removed, _settings.Inherited);
        }
    }

    /// <summary>Ends some mappings of clients that send to addresses which are given up. Whether there may be more.</summary>
    private bool EndSome()
    {
        lock (_lock)
        {
            int[] slots = [.. _upstreams.OfType<PortableEngineUpstream>().Where(each => each.Listener.IsEnding).Take(Limits.OrdersPerCall).Select(each => each.Slot)];
            Array.ForEach(slots, _relay.EndNotServedHere);
            HandleEvents(Now());
            return slots.Length > 0;
        }
    }
}
