using System.Net;
using System.Security.Cryptography;
using WgProxy.Core.Engine;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

/// <summary>Drives a relay as an engine would, with a clock of its own: every upstream socket opens, every ended mapping
/// is released at once.</summary>
internal sealed class RelayDriver
{
    private ushort _nextPort = 40_000;

    public RelayDriver(RelaySettings? settings = null, int routes = 1)
        : this([.. Enumerable.Range(0, routes).Select(_ => NewRoute())], settings)
    {
    }

    public RelayDriver(IReadOnlyList<Route> routes, RelaySettings? settings = null)
    {
        Routes = routes;
        Settings = settings ?? new RelaySettings { MaxMappings = 64, MaxAsked = 16 };
        Relay = new Relay(Settings, [.. Routes]);
    }

    public RelayDriver(RelaySettings settings, RouteList routes)
    {
        Routes = [.. routes];
        Settings = settings;
        Relay = new Relay(settings, routes);
    }

    public RelaySettings Settings { get; }

    public Relay Relay { get; }

    public IReadOnlyList<Route> Routes { get; }

    public Mac1 Mac1 => Routes[0].Mac1;

    public Tick Now { get; private set; } = new(1_000_000);

    public List<RelayEvent> Log { get; } = [];

    public bool RefuseToOpen { get; set; }

    /// <summary>Where ports come from, as in an engine; by default each is a new one.</summary>
    public UpstreamPorts? Ports { get; init; }

    public static Source Client(int number) => Source.From(new IPEndPoint(IPAddress.Parse($"192.0.2.{1 + (number / 60_000)}"), 1_000 + (number % 60_000)));

    public static Route NewRoute(bool resolved = true)
    {
        string key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        Assert.True(PublicKey.TryParse(key, out PublicKey? parsed, out string? error), error);
        return new Route(parsed) { Server = resolved ? new IPEndPoint(IPAddress.Loopback, 51_820) : null };
    }

    public Decision FromClient(Source source, byte[] run, int stride = 0)
    {
        Decision decision = Relay.FromClient(run, stride == 0 ? run.Length : stride, source, Now);
        if (decision.Verdict == Verdict.Open)
        {
            ushort port = _nextPort;
            if (RefuseToOpen || Ports?.TryDraw(Now, out port) == false)
            {
                Relay.OpenFailed(decision.Slot);
            }
            else
            {
                _nextPort++;
                Relay.Opened(decision.Slot, port);
            }
        }

        Settle();
        return decision;
    }

    public Decision FromServer(int slot, byte[] run, int stride = 0)
    {
        Decision decision = Relay.FromServer(slot, run, stride == 0 ? run.Length : stride, Now);
        Settle();
        return decision;
    }

    /// <summary>Lets time pass, stopping at every deadline on the way.</summary>
    public void Pass(double seconds)
    {
        Tick end = Now + TimeSpan.FromSeconds(seconds);
        for (Tick next = Relay.Advance(Now); next <= end; next = Relay.Advance(Now))
        {
            Now = Tick.Max(Now, next);
            Settle();
        }

        Now = end;
        Relay.Advance(Now);
        Settle();
    }

    /// <summary>Asks, is answered, uses the answer.</summary>
    public int Establish(
        Source source, uint client = Scenario.FirstClient, uint server = Scenario.FirstServer, Route? route = null) =>
        Scenario.Established(this, source, client, server, route).Slot;

    /// <summary>Asks and is answered.</summary>
    public int Answer(
        Source source, uint client = Scenario.FirstClient, uint server = Scenario.FirstServer, Route? route = null) =>
        Scenario.Answered(this, source, client, server, route).Slot;

    /// <summary>Asks for the first time.</summary>
    public int Ask(Source source, uint client = Scenario.FirstClient) => Scenario.Asked(this, source, client).Slot;

    /// <summary>Asks, is answered, uses the answer, and is sent data.</summary>
    public int Confirm(
        Source source, uint client = Scenario.FirstClient, uint server = Scenario.FirstServer, Route? route = null) =>
        Scenario.Confirmed(this, source, client, server, route).Slot;

    private void Settle()
    {
        foreach (RelayEvent change in Relay.Events)
        {
            Log.Add(change);
            if (change.EndsMapping)
            {
                Ports?.Rest(change.Port, Now, change.ServerUsedPort);
                Relay.Release(change.Slot);
            }
        }

        Relay.ClearEvents();
    }
}
