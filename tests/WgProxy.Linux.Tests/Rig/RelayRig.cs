using System.Net;
using System.Net.Sockets;
using WgProxy.Core;
using WgProxy.Core.Engine;
using WgProxy.Core.Engine.Batching;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Netns.Tests.Harness;
using WgProxy.Tests;

namespace WgProxy.Linux.Tests.Rig;

/// <summary>A running engine, and a way to hold its worker still while datagrams gather for its next batch.</summary>
internal sealed class RelayRig : IDisposable
{
    private readonly Route _gateRoute = NewRoute();
    private readonly ManualResetEventSlim _open = new(initialState: true);
    private readonly ManualResetEventSlim _held = new();
    private readonly Peer _gateServer;
    private readonly Namespace? _space;
    private readonly List<IDisposable> _owned = [];
    private uint _tunnels;

    /// <param name="own">The engine's own settings.</param>
    /// <param name="space">The namespace the engine lives in; null for this one.</param>
    /// <param name="relay">Limits and times.</param>
    /// <param name="listen">Where it listens; by default everywhere.</param>
    /// <param name="time">The engine's clock; null for the system's.</param>
    public RelayRig(
        LinuxEngineSettings? own = null,
        Namespace? space = null,
        RelaySettings? relay = null,
        IPEndPoint? listen = null,
        TimeProvider? time = null)
    {
        _space = space;
        _gateServer = Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0), coalesces: false, space));
        _gateRoute.Server = _gateServer.EndPoint;
        Engine = new LinuxEngine(
            new EngineSettings
            {
                Listen = [listen ?? new IPEndPoint(IPAddress.IPv6Any, 0)],
                Routes = [Route, _gateRoute],
                Seeds = new(),
                Relay = relay ?? new RelaySettings(),
                Observe = Observe,
            },
            own ?? new LinuxEngineSettings { Workers = 1 },
            time);
        if (space is null)
        {
            Engine.Start();
        }
        else
        {
            // A thread belongs to the namespace of the one that made it.
            space.Run(Engine.Start);
        }
    }

    public LinuxEngine Engine { get; }

    public Route Route { get; } = NewRoute();

    public long this[string counter] => Engine.ReadCounters()[counter];

    public T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    /// <summary>Where a client finds the relay on this address.</summary>
    public IPEndPoint At(IPAddress address) => new(
        address, Engine.Listening.Single(listen => listen.AddressFamily == address.AddressFamily).Port);

    /// <summary>A tunnel, established, between a client and the server that the route points to.</summary>
    public RigTunnel Establish(Peer client, Peer server, IPEndPoint relay) =>
        new(this, client, server, relay, ++_tunnels);

    /// <summary>The same between two sockets of its own, over loopback.</summary>
    public RigTunnel Establish()
    {
        Peer server = Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0)));
        Peer client = Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0)));
        Route.Server = server.EndPoint;
        return Establish(client, server, At(IPAddress.Loopback));
    }

    /// <summary>Runs <paramref name="meanwhile"/> while the worker is held: what it sends is one batch.</summary>
    public void Gather(Action meanwhile)
    {
        _held.Reset();
        _open.Reset();
        using Peer gate = _space is null
            ? new Peer(new IPEndPoint(IPAddress.Loopback, 0))
            : new Peer(new IPEndPoint(IPAddress.Loopback, 0), space: _space);
        gate.Send(WireMessages.Initiation(_gateRoute.Mac1, 1), At(IPAddress.Loopback));
        Assert.True(_held.Wait(TimeSpan.FromSeconds(10)), "the worker was not held");
        try
        {
            meanwhile();
        }
        finally
        {
            _open.Set();
        }
    }

    /// <summary>Awaits a counter's value.</summary>
    public void Await(string counter, long value) => Await(() => this[counter], value, counter);

    /// <summary>Awaits the value of what counters make up.</summary>
    public void Await(Func<long> read, long value, string what)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (read() != value)
        {
            Assert.True(
                TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(10), $"{what}: {read()}, not {value}");
            Thread.Sleep(1);
        }
    }

    /// <summary>Every fault that was counted.</summary>
    public Dictionary<string, long> Faults() => Engine.ReadCounters()
        .Where(counter => counter.Value != 0 && counter.Key.StartsWith("fault.", StringComparison.Ordinal))
        .ToDictionary(StringComparer.Ordinal);

    public void Dispose()
    {
        _open.Set();
        Engine.Dispose();
        _owned.ForEach(owned => owned.Dispose());
        _held.Dispose();
        _open.Dispose();
    }

    public static Route NewRoute()
    {
        byte[] bytes = new byte[WireGuard.PublicKeySize];
        Random.Shared.NextBytes(bytes);
        Assert.True(PublicKey.TryParse(Convert.ToBase64String(bytes), out PublicKey? key, out _));
        return new Route(key);
    }

    private void Observe(RelayEvent change)
    {
        if (change is { Kind: RelayEventKind.Opened, Route.Index: 1 })
        {
            _held.Set();
            _open.Wait();
        }
    }
}

/// <summary>Both ends of one session through the engine.</summary>
internal sealed class RigTunnel
{
    private readonly uint _clientIndex;
    private readonly uint _serverIndex;

    public RigTunnel(RelayRig rig, Peer client, Peer server, IPEndPoint relay, uint number)
    {
        (_clientIndex, _serverIndex) = (0xC000_0000 | number, 0x5000_0000 | number);
        (Client, Server, Relay) = (client, server, relay);
        byte[] initiation = WireMessages.Initiation(rig.Route.Mac1, _clientIndex);
        client.Send(initiation, relay);
        Upstream = server.Expect(initiation)[0].From;
        byte[] response = WireMessages.Response(_serverIndex, _clientIndex);
        server.Send(response, Upstream);
        Assert.Equal(relay, client.Expect(response)[0].From);
        Up(FromClient(32));
        Down(FromServer(32));
    }

    public Peer Client { get; }

    public Peer Server { get; }

    /// <summary>Where the client finds the relay.</summary>
    public IPEndPoint Relay { get; }

    /// <summary>Where the server finds the client.</summary>
    public IPEndPoint Upstream { get; }

    public byte[] FromClient(int length) => WireMessages.Transport(_serverIndex, length);

    public byte[] FromServer(int length) => WireMessages.Transport(_clientIndex, length);

    public Arrival[] Up(params byte[][] datagrams)
    {
        foreach (byte[] datagram in datagrams)
        {
            Client.Send(datagram, Relay);
        }

        return Server.Expect(datagrams);
    }

    public Arrival[] Down(params byte[][] datagrams)
    {
        foreach (byte[] datagram in datagrams)
        {
            Server.Send(datagram, Upstream);
        }

        return Client.Expect(datagrams);
    }
}
