using System.Net;
using System.Runtime.CompilerServices;
using WgProxy.Core.Engine;
using WgProxy.Linux.Listen;
using WgProxy.Linux.Net;

namespace WgProxy.Linux.Workers;

// The servers' side: sockets are opened and closed.
internal sealed partial class LinuxWorker
{
    private OpenRefusal _refusal;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool Open(int slot, ListenSocket listener, nint name, ReadOnlySpan<byte> local, Tick now)
    {
        bool connected = _ports.TryOpen(_connect, _relay.ServerOf(slot), now, out UdpDescriptor socket, out _refusal);
        while (!connected && _refusal.IsUnreachable && _relay.TryNextServer(slot, now))
        {
            connected = _ports.TryOpen(_connect, _relay.ServerOf(slot), now, out socket, out _refusal);
        }

        if (!connected || !TryWatch(slot, socket, used: false, now))
        {
            _relay.OpenFailed(slot);
            HandleEvents(now);
            return false;
        }

        _clients.Set(slot, name, local);
        _relay.Opened(slot, Begin(slot, socket, listener, local));
        HandleEvents(now);
        return true;
    }

    private bool TryWatch(int slot, UdpDescriptor socket, bool used, Tick now)
    {
        if (_poller.Watch(socket.Descriptor, Token(Kind.Upstream, slot)) is not 0 and int error)
        {
            _refusal = new OpenRefusal("epoll_ctl", error, _relay.ServerOf(slot));
            ushort port = socket.Local.Port;
            socket.Close();
            _ports.Rest(port, now, used);
            return false;
        }

        return true;
    }

    /// <summary>A slot's socket is open. Returns its port.</summary>
    private ushort Begin(int slot, UdpDescriptor socket, ListenSocket listener, ReadOnlySpan<byte> local)
    {
        _upstreams[slot] = new Upstream { Socket = socket, Listener = listener, IsOpen = true };
        (_upstreams[slot].Local, ushort port) = socket.Local;
        _upstreams[slot].Port = port;
        _upstreams[slot].Device = _door.Device;
        bool segments = _segmentation.Segments && socket.CanSegment();
        _toServers.Begin(slot, socket.Descriptor, socket.IsIPv4, segments);
        _toClients.Begin(slot, listener.Socket.Descriptor, listener.Socket.IsIPv4, segments);
        listener.DefaultLocal.Learn(listener.Socket, local);
        return port;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryConnect(IPEndPoint server, UpstreamEnd end, out UdpDescriptor socket, out OpenRefusal refusal)
    {
        refusal = default;
        if ((_held is { IsClosed: false } held && held.TryTake(server, end, out socket))
            || (_early is { IsClosed: false } early && early.TryTake(server, end, out socket)))
        {
            Equip(socket);
            return true;
        }

        if (!_door.TryOpen(server, out socket, out refusal))
        {
            return false;
        }

        Equip(socket);
        return TryJoin(server, end, socket, out refusal);
    }

    private void Equip(UdpDescriptor socket)
    {
        socket.AskBuffers(UpstreamPorts.Buffer);
        socket.AskMark();
        socket.AskOverflow();
        if (_segmentation.Coalesces)
        {
            socket.TryCoalesce();
        }
    }

    /// <summary>Binds and connects a socket, or closes it.</summary>
    internal static bool TryJoin(IPEndPoint server, UpstreamEnd end, UdpDescriptor socket, out OpenRefusal refusal)
    {
        refusal = default;
        int error = socket.Bind(end);
        bool isBound = error == 0;
        if (isBound && (error = socket.Connect(server)) == 0)
        {
            // Between the two calls, any host could send to the port.
            socket.Discard();
            return true;
        }

        refusal = new OpenRefusal(isBound ? "connect" : "bind", error, server);
        socket.Close();
        return false;
    }

    private void HandleEvents(Tick now)
    {
        for (int i = 0; i < _relay.Events.Length; i++)
        {
            RelayEvent change = _relay.Events[i];
            switch (change.Duty())
            {
                case EngineDuty.Close:
                    Close(change, now);
                    break;
                case EngineDuty.Redirect:
                    Redirect(change.Slot, now);
                    break;
                case EngineDuty.LookAtPath:
                    FollowPath(change.Slot, now, isUnanswered: true);
                    break;
                case EngineDuty.AnswerAsProven:
                    Prove(change);
                    break;
            }

            _settings.Observe?.Invoke(change.Kind == RelayEventKind.OpenFailed ? change with { Refusal = _refusal } : change);
        }

        _relay.ClearEvents();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Close(in RelayEvent ended, Tick now)
    {
        // Datagrams decided earlier still leave. After that, nothing can reach the slot.
        _toServers.Flush();
        _toClients.Flush();
        ref Upstream upstream = ref _upstreams[ended.Slot];
        if (!upstream.IsOpen)
        {
            throw new InvalidOperationException("A mapping ended that was never opened.");
        }

        upstream.Socket.Close();
        _ports.Rest(upstream.Port, now, ended.ServerUsedPort);
        upstream = default;
        _relay.Release(ended.Slot);
    }

    private struct Upstream
    {
        // The local address that its datagrams are sent from.
        public UInt128 Local;

        // What the probe was answered when the socket was last connected anew for it: until it is answered otherwise, until then, or
        // until the client goes unanswered, that is not tried again.
        public UInt128 Asked;
        public Tick AskAgain;
        public UdpDescriptor Socket;
        public ListenSocket Listener;
        public uint Overflowed;

        // The number of the interface that it is tied to.
        public uint Device;
        public ushort Port;
        public byte Failures;
        public bool IsPaused;
        public bool IsOpen;

        // Not connected to where its mapping goes, because that did not work yet.
        public bool IsAstray;

        // It stays while the mapping lingers, because a client that has shown that it receives still does.
        public bool IsProven;
    }
}
