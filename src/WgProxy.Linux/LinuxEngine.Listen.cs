using System.Net;
using WgProxy.Core.Engine;
using WgProxy.Linux.Listen;
using WgProxy.Linux.Workers;

namespace WgProxy.Linux;

// Addresses that come and go while the engine runs.
public sealed partial class LinuxEngine
{
    private readonly Lock _listenChanges = new();
    private ListenRoom? _listenRoom;
    private IReadOnlyList<IPEndPoint> _asked = [];

    /// <inheritdoc/>
    public void ListenOn(IReadOnlyList<IPEndPoint> listen)
    {
        lock (_listenChanges)
        {
            if (_stopped || _workers.Length == 0)
            {
                throw new EngineException("the engine does not run");
            }

            if (_listenRoom is not { } room)
            {
                throw RefusalText.HandedOverStay();
            }

            ListenChange change = ListenChange.Of(_asked, Listening, listen, ListenSockets.HasFamily);
            IReadOnlyList<IReadOnlyList<ListenSocket>> added = change.Added.Count == 0
                ? [.. _workers.Select(IReadOnlyList<ListenSocket> (_) => [])]
                : ListenSockets.Open(change.Added, change.Kept, room, _settings.Inherited, isStart: false);
            ListenSockets.Discard(added);
            KeptGroups.Keep(added, _settings.Inherited);
            using CountdownEvent done = new(_workers.Length);
            ListenOrder[] orders = [.. added.Select(sockets => new ListenOrder(sockets, change.Removed, () => done.Signal()))];
            for (int worker = 0; worker < _workers.Length; worker++)
            {
                _workers[worker].Take(orders[worker]);
            }

            // No worker reads or writes by them any more.
            done.Wait();
            foreach (ListenSocket socket in orders.SelectMany(order => order.Closed))
            {
                socket.Socket.Dispose();
                socket.Strangers.Dispose();
            }

            Listening = [.. change.Kept, .. added[0].DistinctBy(socket => socket.Strangers).Select(socket => socket.Socket.LocalEndPoint)];
            _asked = listen;
            KeptGroups.Forget(change.Removed, room.Steering, _settings.Inherited);
        }
    }
}
