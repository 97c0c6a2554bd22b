using System.Net;
using System.Net.Sockets;
using WgProxy.Core;
using WgProxy.Core.Engine;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;

namespace WgProxy.Tests;

/// <summary>What every engine does, with what it counts: the same tests for each. Cases that move datagrams compare the complete
/// change of all counters.</summary>
public abstract partial class EngineContract : IDisposable
{
    private protected const AddressFamily V4 = AddressFamily.InterNetwork;
    private protected const AddressFamily V6 = AddressFamily.InterNetworkV6;

    private readonly List<RelayEventKind> _events = [];
    private IReadOnlyList<IPEndPoint> _listen = [new IPEndPoint(IPAddress.IPv6Any, 0)];
    private EngineContractWire? _wire;

    /// <summary>The route of the tests; its server is published by each.</summary>
    private protected Route Route { get; } = NewRoute();

    /// <summary>That route's id, and the engine's routes, of which it is the first.</summary>
    private protected RouteId RouteId => Routes.IdOf(Route);

    private protected RouteList Routes { get; private set; } = [];

    private protected EngineContractWire Wire => _wire!;

    private protected IEngine Engine => Wire.Engine;

    /// <summary>Stops what the test started.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Stops what the test started.</summary>
    protected virtual void Dispose(bool disposing) => _wire?.Dispose();

    /// <summary>A wire with an engine of these settings, started.</summary>
    private protected abstract EngineContractWire NewWire(EngineSettings settings);

    /// <summary>Runs a test that changes the paths of this host.</summary>
    private protected virtual void WhereItsPathsMayChange(Action test) => OwnNetwork.Run(test);

    /// <summary>A port that nobody has bound, for a wire still to be made.</summary>
    private protected abstract ushort FreePort();

    internal static Route NewRoute()
    {
        byte[] bytes = new byte[32];
        Random.Shared.NextBytes(bytes);
        Assert.True(PublicKey.TryParse(Convert.ToBase64String(bytes), out PublicKey? key, out _));
        return new Route(key);
    }

    private protected void Start(RelaySettings? relay = null, IReadOnlyList<ushort>? ports = null, params Route[] more) =>
        Start(new UpstreamBinding(), relay, ports, more);

    private protected void Start(
        UpstreamBinding binding, RelaySettings? relay = null, IReadOnlyList<ushort>? ports = null, params Route[] more)
    {
        Routes = [Route, .. more];
        _wire = NewWire(new EngineSettings
        {
            Listen = _listen,
            Routes = Routes,
            Seeds = new(),
            Relay = relay ?? new RelaySettings(),
            Ports = ports ?? [],
            Binding = binding,
            Journal = _journal,
            Directory = _directory,
            Observe = change =>
            {
                lock (_events)
                {
                    _events.Add(change.Kind);
                }
            },
        });
    }

    /// <summary>Tells the engine that a route is new, or has changed.</summary>
    private protected void Publish(Route route)
    {
        RouteId id = Routes.IdOf(route);
        Assert.True(Engine.Post(EngineCommand.RouteChanged(id == default ? Routes.Add(route) : id)));
    }

    /// <summary>Removes a route, and tells the engine.</summary>
    private protected void Remove(Route route)
    {
        RouteId id = Routes.IdOf(route);
        Assert.True(Routes.Remove(id));
        Assert.True(Engine.Post(EngineCommand.RouteChanged(id)));
    }

    /// <summary>A server for the route of the tests.</summary>
    private protected EngineContractPeer NewServer(AddressFamily family = V4, Route? route = null)
    {
        EngineContractPeer server = Wire.NewPeer(family);
        (route ?? Route).Server = server.EndPoint;
        return server;
    }

    private protected EngineContractTunnel NewTunnel(
        EngineContractPeer server, AddressFamily family = V4, uint number = 1) =>
        new(Wire, Route.Mac1, Wire.NewPeer(family), server, number);

    private RelayEventKind[] Observed()
    {
        lock (_events)
        {
            return [.. _events];
        }
    }
}
