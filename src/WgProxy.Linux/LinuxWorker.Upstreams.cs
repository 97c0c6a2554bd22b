using System.Net;
using System.Net.Sockets;
using WgProxy.Core;
using WgProxy.Linux.Net;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux;

// The servers' side: sockets are opened and closed.
internal sealed partial class LinuxWorker
{
    private const int OpenAttempts = 16;
    private const int UpstreamBuffer = 1024 * 1024;

    private ushort _spare;

    private bool Open(int slot, ListenSocket listener, int place, ReadOnlySpan<byte> local, Tick now)
    {
        UdpSocket? socket = Connect(_relay.RouteOf(slot).Server, now, out ushort port);
        if (socket is not null && _poller.Watch(socket.Descriptor, Token(Kind.Upstream, slot)) != 0)
        {
            socket.Dispose();
            _ports?.Rest(port, now, heard: false);
            socket = null;
        }

        if (socket is null)
        {
            _relay.OpenFailed(slot);
            HandleEvents(now);
            return false;
        }

        _upstreams[slot] = new Upstream { Socket = socket, Port = port };
        _clients.Set(slot, _fromClients.NameOf(place), local);
        bool segments = _offload.Segments && socket.CanSegment();
        _toServers.Begin(slot, socket.Descriptor, socket.IsIPv4, segments);
        _toClients.Begin(slot, listener.Socket.Descriptor, listener.Socket.IsIPv4, segments);
        listener.Home.Learn(listener.Socket, local);
        _relay.Opened(slot, port);
        HandleEvents(now);
        return true;
    }

    private UdpSocket? Connect(IPEndPoint? server, Tick now, out ushort port)
    {
        port = _spare;
        for (int attempt = 0; server is not null && attempt < OpenAttempts; attempt++)
        {
            if (port == 0 && _ports?.TryDraw(now, out port) == false)
            {
                return null;
            }

            _spare = 0;
            UdpSocket? socket = Connect(server, port, out bool portRefused);
            if (socket is not null)
            {
                port = port == 0 ? (ushort)socket.LocalEndPoint.Port : port;
                return socket;
            }

            if (!portRefused || _ports is null)
            {
                // Nothing was sent from the port: while a server cannot be reached, asking must not use ports up.
                _spare = port;
                return null;
            }

            // Somebody else's port, or one that needs a privilege: there are others.
            _ports.Rest(port, now, heard: false);
            port = 0;
        }

        return null;
    }

    private UdpSocket? Connect(IPEndPoint server, ushort port, out bool portRefused)
    {
        portRefused = false;
        bool isIPv4 = server.AddressFamily == AddressFamily.InterNetwork || server.Address.IsIPv4MappedToIPv6;
        UdpSocket? socket = UdpSocket.Open(isIPv4, out _);
        if (socket is null)
        {
            return null;
        }

        socket.AskBuffers(UpstreamBuffer);
        socket.AskMark();
        socket.AskOverflow();
        if (_offload.Coalesces)
        {
            socket.TryCoalesce();
        }

        portRefused = socket.Bind(new IPEndPoint(isIPv4 ? IPAddress.Any : IPAddress.IPv6Any, port)) != 0;
        if (!portRefused && socket.Connect(server) == 0)
        {
            return socket;
        }

        socket.Dispose();
        return null;
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

            _settings.Observe?.Invoke(change);
        }

        _relay.ClearEvents();
    }

    private void Close(in RelayEvent ended, Tick now)
    {
        // What was decided before still leaves; afterwards nothing can reach the slot any more.
        _toServers.Flush();
        _toClients.Flush();
        ref Upstream upstream = ref _upstreams[ended.Slot];
        upstream.Socket!.Dispose();
        _ports?.Rest(upstream.Port, now, ended.Heard);
        upstream = default;
        _relay.Release(ended.Slot);
    }

    private struct Upstream
    {
        public UdpSocket? Socket;
        public ushort Port;
        public uint Overflowed;
    }
}
