using System.Net;
using System.Runtime.CompilerServices;
using WgProxy.Core.Engine;
using WgProxy.Linux.Net;

namespace WgProxy.Linux.Workers;

// Sockets that are connected anew: because the relay sends a mapping to another address of its server, or because this host's own
// path to the server is another now. A socket keeps the source address that it got when it was connected, also when the host has lost
// that address or the route has moved (Linux 6.18: IPv4 then answers ENETUNREACH or EINVAL, IPv6 goes on sending with the dead one).
internal sealed partial class LinuxWorker
{
    // Bounds the checks and reconnects of one turn, so that a change of all paths does not delay datagrams.
    private const int LookedAtPerTurn = 1_024;
    private const int ReconnectsPerTurn = 64;

    // Where the kernel chooses by the port too (ECMP that hashes ports, rules for ports), it may answer the probe, whose port is
    // another, with another address than it gives to the mapping's socket, however often that is connected anew.
    private const long AskedAgain = 60_000;

    private readonly PathProbe _paths;

    // The next slot to be looked at; none while this is not below the number of slots.
    private int _pathSlot = int.MaxValue;

    /// <summary>Runs the waiting commands. Later turns continue what they begin.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void RunCommands()
    {
        while (_mailbox.TryTake(out EngineCommand command))
        {
            switch (command.Kind)
            {
                case EngineCommandKind.RouteChanged:
                    _relay.RouteChanged(command.Route);
                    break;
                case EngineCommandKind.PathsChanged:
                    _door.LookForDevice();
                    _paths.Forget();
                    _pathSlot = 0;
                    break;
            }
        }
    }

    /// <summary>Goes on looking whether mappings have another path now. Whether some are left for the next turn.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool ContinuePaths(Tick now)
    {
        int reconnects = ReconnectsPerTurn;
        for (int looks = LookedAtPerTurn; _pathSlot < _upstreams.Length; looks--)
        {
            if (looks == 0 || reconnects == 0)
            {
                return true;
            }

            reconnects -= FollowPath(_pathSlot++, now) ? 1 : 0;
            HandleEvents(now);
        }

        _pathSlot = int.MaxValue;
        return false;
    }

    /// <summary>Connects a slot's socket anew if this host would now send to its server from another address, or if it is still owed
    /// a connection. Whether it was tried.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool FollowPath(int slot, Tick now, bool isUnanswered = false)
    {
        ref Upstream upstream = ref _upstreams[slot];
        if (!upstream.IsOpen)
        {
            return false;
        }

        if (!_paths.TryFind(_relay.ServerOf(slot), BoundOf(slot), now, out UInt128 local))
        {
            // Where there is no path at all, the socket stays what it is: the path may be back in a second, unchanged. If it is not,
            // the relay sends the mapping to another address of its server, if there is one.
            _relay.Unreachable(slot, upstream.IsAstray, now);
            return false;
        }

        bool moved = (upstream.Local != local && (isUnanswered || upstream.Asked != local || now >= upstream.AskAgain))
            || upstream.Device != _door.Device;
        if (!moved && !upstream.IsAstray)
        {
            _relay.Reachable(slot);
            return false;
        }

        bool wasAstray = upstream.IsAstray;
        UInt128 former = upstream.Local;
        if (Reconnect(slot, local, now))
        {
            (upstream.Asked, upstream.AskAgain) = (local, now + AskedAgain);
            if (wasAstray || upstream.Local == former)
            {
                _relay.Reachable(slot);
            }
            else
            {
                _relay.Rerouted(slot);
            }
        }

        return true;
    }

    /// <summary>The relay orders a slot's socket to another server address.</summary>
    private void Redirect(int slot, Tick now)
    {
        ref Upstream upstream = ref _upstreams[slot];
        if (!upstream.IsOpen)
        {
            return;
        }

        // Owed until it has worked: without a path there or elsewhere, the next sign or change of paths tries again.
        upstream.IsAstray = true;
        if (!_paths.TryFind(_relay.ServerOf(slot), BoundOf(slot), now, out UInt128 local) || !Reconnect(slot, local, now))
        {
            _relay.Unreachable(slot, ordered: true, now);
        }
    }

    /// <summary>What a slot's socket is bound to, if it is bound to an address and its server still has that IP version.</summary>
    private UpstreamEnd BoundOf(int slot)
    {
        ref Upstream upstream = ref _upstreams[slot];
        bool isIPv4 = upstream.Socket.IsIPv4;
        UpstreamEnd bound = default;
        _ = isIPv4 == KernelAddress.IsIPv4(_relay.ServerOf(slot)) && _door.Addresses.TryFind(LocalOf(slot), out bound);
        return bound with { Port = upstream.Port };
    }

    /// <summary>Connects a slot's socket to where its mapping goes, by its own port.</summary>
    private bool Reconnect(int slot, UInt128 local, Tick now)
    {
        // Datagrams decided earlier leave by the former path.
        _toServers.Flush();
        IPEndPoint server = _relay.ServerOf(slot);
        ref Upstream upstream = ref _upstreams[slot];

        // What waits on a socket that was ordered elsewhere would be taken for the answer of the address that it is connected to now.
        bool discards = upstream.IsAstray;
        upstream.IsAstray = true;
        UpstreamEnd bound = BoundOf(slot);
        if (KernelAddress.IsIPv4(server) != upstream.Socket.IsIPv4
            || upstream.Device != _door.Device
            || (bound.Address != 0 && upstream.Local != local))
        {
            return Replace(slot, server, now);
        }

        if (upstream.Socket.Reconnect(server, bound, discards, _door.DeviceName) != 0)
        {
            return false;
        }

        Settle(slot, upstream.Socket);
        return true;
    }

    /// <summary>Gives a slot another socket, where what its own is bound to is gone or of the other IP version: with the same port if that is
    /// free there, and otherwise with another.</summary>
    private bool Replace(int slot, IPEndPoint server, Tick now)
    {
        ushort former = _upstreams[slot].Port;
        if (!_ports.TryReplace(_connect, server, new UpstreamEnd(LocalOf(slot), former), now, out UdpDescriptor socket, out _refusal))
        {
            return false;
        }

        ushort port = socket.Local.Port;
        if (_poller.Watch(socket.Descriptor, Token(Kind.Upstream, slot)) != 0)
        {
            socket.Close();
            if (port != former)
            {
                _ports.Rest(port, now, used: false);
            }

            return false;
        }

        _upstreams[slot].Socket.Close();
        _upstreams[slot].Socket = socket;
        _upstreams[slot].Overflowed = 0;
        _upstreams[slot].IsPaused = false;
        if (port != former)
        {
            _ports.Rest(former, now);
        }

        Settle(slot, socket);
        return true;
    }

    /// <summary>A slot's socket is connected: nothing is known of the path, and the port may be another.</summary>
    private void Settle(int slot, UdpDescriptor socket)
    {
        ref Upstream upstream = ref _upstreams[slot];
        upstream.IsAstray = false;
        upstream.Asked = default;
        upstream.Device = _door.Device;
        (upstream.Local, ushort port) = socket.Local;
        if (port != upstream.Port)
        {
            upstream.Port = port;
            _relay.PortChanged(slot, port);
        }

        _toServers.Begin(slot, socket.Descriptor, socket.IsIPv4, _segmentation.Segments && socket.CanSegment());
    }
}
