using System.Runtime.CompilerServices;
using WgProxy.Core.Engine;
using WgProxy.Linux.Listen;

namespace WgProxy.Linux.Workers;

// Addresses that come and go. A position among the listeners is part of a token, so a socket that has gone leaves its position to a later one.
internal sealed partial class LinuxWorker
{
    private ListenOrder? _nextOrder;
    private ListenOrder? _order;
    private int _orderSlot;
    private bool _isOrdered;

    /// <summary>Leaves an order and wakes the thread. One at a time, from any thread.</summary>
    public void Take(ListenOrder order)
    {
        Volatile.Write(ref _nextOrder, order);
        _wake.Ring();
    }

    /// <summary>Carries out an order for one turn. Whether there is more to do in the next.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool ContinueOrder(Tick now)
    {
        if (_order is null && (_order = Interlocked.Exchange(ref _nextOrder, null)) is not null)
        {
            Begin(_order, now);
        }

        if (_order is not { } order)
        {
            return false;
        }

        int ends = Limits.OrdersPerCall;
        for (int looks = Limits.WalkedPerCall; _orderSlot < _upstreams.Length; looks--, _orderSlot++)
        {
            if (looks == 0 || ends == 0)
            {
                HandleEvents(now);
                return true;
            }

            if (_upstreams[_orderSlot] is { IsOpen: true, Listener.IsClosed: true })
            {
                _relay.EndNotServedHere(_orderSlot);
                ends--;
            }
        }

        HandleEvents(now);
        _order = null;
        order.Done();
        return false;
    }

    private void Begin(ListenOrder order, Tick now)
    {
        _orderSlot = 0;
        int[] free = [.. Enumerable.Range(0, _listeners.Count).Where(i => _listeners[i].IsClosed)];
        foreach (ListenSocket listener in _listeners.Where(each => !each.IsClosed && order.Removed.Contains(each.Socket.LocalEndPoint)))
        {
            // Explicitly, because a service manager may keep it open.
            _poller.Unwatch(listener.Socket.Descriptor);
            listener.IsClosed = true;
            order.Closed.Add(listener);
        }

        _paused.RemoveAll(each => (Kind)(each.Token >> 32) != Kind.Upstream && _listeners[(int)(uint)each.Token].IsClosed);
        Array.ForEach(_initiations, each => each.ForgetClosed());
        for (int i = 0; i < order.Added.Count; i++)
        {
            int index = i < free.Length ? free[i] : _listeners.Count;
            if (index < _listeners.Count)
            {
                _listeners[index] = order.Added[i];
            }
            else
            {
                _listeners.Add(order.Added[i]);
            }

            PrepareInitiations(order.Added[i]);
            if (_poller.Watch(order.Added[i].Socket.Descriptor, TokenOf(index)) != 0)
            {
                // It is tried again, as after a pause.
                _paused.Add((TokenOf(index), now + PauseLength));
            }
        }

        FindPlaces();
    }

    private void PrepareInitiations(ListenSocket listener)
    {
        if (listener.Role == ListenRole.Initiations && !_initiations.Any(each => each.IsIPv4 == listener.Socket.IsIPv4))
        {
            _initiations = [.. _initiations, new Initiations(listener.Socket.IsIPv4)];
        }

        Array.ForEach(_initiations, each => each.MakeRoom(_listeners.Count));
    }

    private void FindPlaces()
    {
        _withMetadata = [.. _listeners.Where(listener => listener.Role == ListenRole.WithMetadata && !listener.IsClosed)];
        _places = new ListenPlaces([.. _withMetadata.Select(listener => listener.Socket.LocalEndPoint)], knowsLocal: true);
    }
}
