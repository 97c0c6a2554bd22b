using System.Net;
using System.Runtime.CompilerServices;
using WgProxy.Linux.Listen;
using WgProxy.Linux.Native;
using WgProxy.Linux.Net;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Workers;

// The servers' side: sockets are opened and closed.
internal sealed partial class LinuxWorker
{
    private const int OpenAttempts = 16;
    private const int UpstreamBuffer = 1024 * 1024;

    private ushort _spare;
    private OpenRefusal _refusal;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool Open(int slot, ListenSocket listener, int place, ReadOnlySpan<byte> local, Tick now)
    {
        bool connected = TryConnect(_relay.ServerOf(slot), now, out UdpDescriptor socket, out ushort port);
        while (!connected && _refusal.IsUnreachable && _relay.TryNextServer(slot, now))
        {
            connected = TryConnect(_relay.ServerOf(slot), now, out socket, out port);
        }

        if (connected && _poller.Watch(socket.Descriptor, Token(Kind.Upstream, slot)) is not 0 and int error)
        {
            _refusal = new OpenRefusal("epoll_ctl", error, _relay.ServerOf(slot));
            socket.Close();
            _ports?.Rest(port, now, used: false);
            connected = false;
        }

        if (!connected)
        {
            _relay.OpenFailed(slot);
            HandleEvents(now);
            return false;
        }

        _upstreams[slot] = new Upstream { Socket = socket, Listener = listener, IsOpen = true };
        (_upstreams[slot].Local, port) = socket.Local;
        _upstreams[slot].Port = port;
        _clients.Set(slot, _fromClients.NameOf(place), local);
        bool segments = _offload.Segments && socket.CanSegment();
        _toServers.Begin(slot, socket.Descriptor, socket.IsIPv4, segments);
        _toClients.Begin(slot, listener.Socket.Descriptor, listener.Socket.IsIPv4, segments);
        listener.DefaultLocal.Learn(listener.Socket, local);
        _relay.Opened(slot, port);
        HandleEvents(now);
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryConnect(IPEndPoint server, Tick now, out UdpDescriptor socket, out ushort port)
    {
        socket = default;
        port = _spare;
        for (int attempt = 0; attempt < OpenAttempts; attempt++)
        {
            if (port == 0 && _ports?.TryDraw(now, out port) == false)
            {
                _refusal = new OpenRefusal(null, 0, server);
                return false;
            }

            _spare = 0;
            if (TryConnect(server, port, out socket, out bool portRefused))
            {
                return true;
            }

            if (!portRefused || _ports is null)
            {
                // Nothing was sent from the port: while a server cannot be reached, asking must not use ports up.
                _spare = port;
                return false;
            }

            // Somebody else's port, or one that needs a privilege: there are others.
            _ports.Rest(port, now, used: false);
            port = 0;
        }

        return false;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryConnect(IPEndPoint server, ushort port, out UdpDescriptor socket, out bool portRefused)
    {
        portRefused = false;
        if (!UdpDescriptor.TryOpen(KernelAddress.IsIPv4(server), out socket, out int error))
        {
            _refusal = new OpenRefusal("socket", error, server);
            return false;
        }

        socket.AskBuffers(UpstreamBuffer);
        socket.AskMark();
        socket.AskOverflow();
        if (_offload.Coalesces)
        {
            socket.TryCoalesce();
        }

        error = socket.Bind(port);
        portRefused = error != 0;
        if (!portRefused && (error = socket.Connect(server)) == 0)
        {
            // Between the two, the port was open to anybody.
            socket.Discard();
            return true;
        }

        _refusal = new OpenRefusal(portRefused ? "bind" : "connect", error, server);
        socket.Close();
        return false;
    }

    private void HandleEvents(Tick now)
    {
        for (int i = 0; i < _relay.Events.Length; i++)
        {
            RelayEvent change = _relay.Events[i];
            if (change.EndsMapping)
            {
                Close(change, now);
            }
            else if (change.Kind == RelayEventKind.Redirected)
            {
                Redirect(change.Slot, now);
            }
            else if (change.Kind == RelayEventKind.Unanswered)
            {
                FollowPath(change.Slot, now, isUnanswered: true);
            }
            else if (change.Kind is RelayEventKind.Established or RelayEventKind.Confirmed)
            {
                Prove(change);
            }

            _settings.Observe?.Invoke(change.Kind == RelayEventKind.OpenFailed ? change with { Refusal = _refusal } : change);
        }

        _relay.ClearEvents();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Close(in RelayEvent ended, Tick now)
    {
        // What was decided before still leaves; afterwards nothing can reach the slot any more.
        _toServers.Flush();
        _toClients.Flush();
        ref Upstream upstream = ref _upstreams[ended.Slot];
        if (!upstream.IsOpen)
        {
            throw new InvalidOperationException("A mapping ended that was never opened.");
        }

        upstream.Socket.Close();
        _ports?.Rest(upstream.Port, now, ended.ServerUsedPort);
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
        public ushort Port;
        public byte Failures;
        public bool IsPaused;
        public bool IsOpen;

        // Not connected to where its mapping goes, because that did not work yet.
        public bool IsAstray;

        // Stays as it is while the mapping lingers: who has shown that it receives has.
        public bool IsProven;
    }
}
