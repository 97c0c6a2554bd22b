using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Engine;

namespace WgProxy.Portable;

// Reconnects sockets, because the relay moves a mapping to another address of its server, or because this host's own
// path to the server has changed. The sockets of .NET cannot be disconnected, so each is replaced. The old one closes first, to free the port.
public sealed partial class PortableEngine
{
    // .NET reports changed addresses, but not changed routes. Every system chooses a source address when asked.
    private const long BetweenLooks = 1_000;
    private const int ReconnectsPerTurn = 64;

    // The source address to each server, as far as the engine has asked since the last look.
    private readonly Dictionary<(IPEndPoint Server, IPAddress? Bound), IPAddress?> _paths = [];

    private Tick _nextLook;
    private int _lookedAt = int.MaxValue;

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
                    _nextLook = default;
                    break;
            }
        }
    }

    /// <summary>Checks once a second whether the paths of mappings have changed. Returns the time of the next call.</summary>
    private Tick LookAtPaths(Tick now)
    {
        if (now >= _nextLook)
        {
            _nextLook = now + BetweenLooks;
            _paths.Clear();
            _lookedAt = 0;
        }

        bool any = false;
        for (int reconnects = 0; _lookedAt < _upstreams.Length; _lookedAt++)
        {
            if (reconnects == ReconnectsPerTurn)
            {
                return now;
            }

            any |= _upstreams[_lookedAt] is not null;
            reconnects += FollowPath(_lookedAt, now) ? 1 : 0;
            HandleEvents(now);
        }

        return any ? _nextLook : Tick.Never;
    }

    /// <summary>Reconnects a slot if this host would now send to its server from another address, or if an earlier attempt
    /// failed. Returns whether it tried.</summary>
    private bool FollowPath(int slot, Tick now, bool isUnanswered = false)
    {
        if (_upstreams[slot] is not { } upstream)
        {
            return false;
        }

        if (PathTo(slot, upstream) is not IPAddress local)
        {
            // Without any path, the socket stays as it is: the path may be back in a second, unchanged. Otherwise
            // the relay moves the mapping to another address of its server, if there is one.
            _relay.Unreachable(slot, upstream.IsAstray, now);
            return false;
        }

        // An interface that was made anew has the same name and perhaps address, and a socket that is tied to the former one reaches nothing.
        bool moved = (!local.Equals(upstream.Local) && (isUnanswered || !local.Equals(upstream.Asked)))
            || (isUnanswered && _settings.Binding.Device is not null);
        if (!moved && !upstream.IsAstray)
        {
            _relay.Reachable(slot);
            return false;
        }

        if (Reconnect(upstream, now) && _upstreams[slot] is { } successor)
        {
            successor.Asked = local;
            if (upstream.IsAstray || successor.Local.Equals(upstream.Local))
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
        if (_upstreams[slot] is { } upstream)
        {
            // It counts as failed until it has worked. Without a path, the next look tries again.
            upstream.IsAstray = true;
            if (PathTo(slot, upstream) is null || !Reconnect(upstream, now))
            {
                _relay.Unreachable(slot, ordered: true, now);
            }
        }
    }

    private bool Reconnect(PortableEngineUpstream former, Tick now)
    {
        IPEndPoint server = _relay.ServerOf(former.Slot);
        former.Close();
        if (!_ports.TryReplace(_connect, server, EndOf(former), now, out Socket? socket, out _refusal))
        {
            // The slot has no socket now. Its client's data is lost, and counted, until there is a path.
            former.IsAstray = true;
            return false;
        }

        PortableEngineUpstream upstream = new(this, socket, former.Slot, former.Listener, former.Client) { Proven = former.Proven };
        _upstreams[former.Slot] = upstream;
        _readers.AddCount();
        upstream.Begin();
        if (upstream.Port != former.Port)
        {
            _ports.Rest(former.Port, now);
            _relay.PortChanged(former.Slot, upstream.Port);
        }

        return true;
    }

    private static UpstreamEnd EndOf(PortableEngineUpstream upstream) => new(PortableEngineSockets.NumberOf(upstream.Local), upstream.Port);

    private IPAddress? PathTo(int slot, PortableEngineUpstream upstream)
    {
        IPEndPoint server = _relay.ServerOf(slot);
        UpstreamEnd end = EndOf(upstream);
        bool isIPv4 = server.AddressFamily == AddressFamily.InterNetwork || server.Address.IsIPv4MappedToIPv6;
        IPAddress? bound = end.IsIPv4 == isIPv4 && _door.Addresses.TryFind(end.Address, out _) ? upstream.Local : null;
        if (!_paths.TryGetValue((server, bound), out IPAddress? local))
        {
            local = _door.LocalAddressTo(server, bound);
            _paths[(server, bound)] = local;
        }

        return local;
    }
}
