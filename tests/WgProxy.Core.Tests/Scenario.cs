using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

/// <summary>One mapping's life as a test tells it: a client and its server at the two ends of a <see cref="RelayDriver"/>, from
/// the proof on that the test is about. What either end sends is answered with the relay's verdict, for the test to judge.</summary>
internal sealed class Scenario
{
    /// <summary>The client's index, and the server's, of the first handshake, unless a test names others.</summary>
    public const uint FirstClient = 0xC1;

    /// <inheritdoc cref="FirstClient"/>
    public const uint FirstServer = 0x51;

    private readonly RelayDriver _driver;
    private readonly Mac1 _mac1;
    private readonly uint _client;
    private readonly uint _server;

    private Scenario(RelayDriver driver, Mac1 mac1, Source source, int slot, uint client, uint server)
    {
        (_driver, _mac1, _client, _server) = (driver, mac1, client, server);
        (Source, Slot) = (source, slot);
    }

    /// <summary>Where the client sends from.</summary>
    public Source Source { get; }

    /// <summary>The mapping.</summary>
    public int Slot { get; }

    /// <summary>What the client asked with first.</summary>
    public byte[] Initiation { get; private init; } = [];

    /// <summary>What the mapping has proven.</summary>
    public Proof Proof => _driver.Relay.ProofOf(Slot);

    /// <summary>The client has asked for the first time.</summary>
    public static Scenario Asked(
        RelayDriver driver, Source? source = null, uint client = FirstClient, uint server = FirstServer, Route? route = null)
    {
        Source from = source ?? RelayDriver.Client(1);
        Mac1 mac1 = (route ?? driver.Routes[0]).Mac1;
        byte[] initiation = WireMessages.Initiation(mac1, client);
        Decision decision = driver.FromClient(from, initiation);
        Assert.Equal(Verdict.Open, decision.Verdict);
        return new Scenario(driver, mac1, from, decision.Slot, client, server) { Initiation = initiation };
    }

    /// <summary>And was answered.</summary>
    public static Scenario Answered(
        RelayDriver driver, Source? source = null, uint client = FirstClient, uint server = FirstServer, Route? route = null)
    {
        Scenario scenario = Asked(driver, source, client, server, route);
        scenario.Expect(scenario.ServerAnswers(client, server), Proof.Answered);
        return scenario;
    }

    /// <summary>And has used the answer.</summary>
    public static Scenario Established(
        RelayDriver driver, Source? source = null, uint client = FirstClient, uint server = FirstServer, Route? route = null)
    {
        Scenario scenario = Answered(driver, source, client, server, route);
        scenario.Expect(scenario.Up(), Proof.Established);
        return scenario;
    }

    /// <summary>And was sent data.</summary>
    public static Scenario Confirmed(
        RelayDriver driver, Source? source = null, uint client = FirstClient, uint server = FirstServer, Route? route = null)
    {
        Scenario scenario = Established(driver, source, client, server, route);
        scenario.Expect(scenario.Down(), Proof.Confirmed);
        return scenario;
    }

    /// <summary>And was silent, as the server was, until the mapping lingered: it has done so for no time.</summary>
    public static Scenario Lingering(RelayDriver driver, Source? source = null)
    {
        Scenario scenario = Confirmed(driver, source);
        scenario.Wait(driver.Settings.IdleTimeout.TotalSeconds);
        Assert.Equal((Proof.Lingering, RelayEventKind.Lingered), (scenario.Proof, driver.Log[^1].Kind));
        return scenario;
    }

    /// <summary>The same tunnel from another source: a claim, which the server has not answered.</summary>
    public Scenario ClaimedFrom(Source source)
    {
        Decision claim = _driver.FromClient(source, WireMessages.Transport(_server));
        Scenario claimed = new(_driver, _mac1, source, claim.Slot, _client, _server);
        Assert.Equal((Verdict.Open, Proof.Claimed), (claim.Verdict, claimed.Proof));
        return claimed;
    }

    /// <summary>Lets time pass.</summary>
    public void Wait(double seconds) => _driver.Pass(seconds);

    /// <summary>Asserts that the mapping is this for so long from now on, and then that: to a tenth of a second.</summary>
    public void AssertIs(Proof proof, double seconds, Proof then)
    {
        Wait(seconds - 0.1);
        Assert.Equal(proof, Proof);
        Wait(0.2);
        Assert.Equal(
            (then, then == Proof.None ? RelayEventKind.Expired : RelayEventKind.Lingered), (Proof, _driver.Log[^1].Kind));
    }

    /// <summary>The client sends data, by default with the index that its server issued.</summary>
    public Verdict Up(uint? index = null, int length = WireMessages.KeepaliveLength) =>
        FromClient(WireMessages.Transport(index ?? _server, length)).Verdict;

    /// <summary>The server sends data, by default with the index that its client issued.</summary>
    public Verdict Down(uint? index = null, int length = WireMessages.KeepaliveLength) =>
        FromServer(WireMessages.Transport(index ?? _client, length));

    /// <summary>The client asks.</summary>
    public Verdict ClientAsks(uint client) => FromClient(WireMessages.Initiation(_mac1, client)).Verdict;

    /// <summary>The server answers what the client asked.</summary>
    public Verdict ServerAnswers(uint client, uint server) => FromServer(WireMessages.Response(server, client));

    /// <summary>The server is loaded, and declines with a cookie what the client asked.</summary>
    public Verdict ServerDeclines(uint client) => FromServer(WireMessages.CookieReply(client));

    /// <summary>The server asks.</summary>
    public Verdict ServerAsks(uint server) => FromServer(WireMessages.Initiation(_mac1, server));

    /// <summary>The client answers what the server asked.</summary>
    public Verdict ClientAnswers(uint server, uint client) => FromClient(WireMessages.Response(client, server, _mac1)).Verdict;

    /// <summary>The client declines with a cookie what the server asked.</summary>
    public Verdict ClientDeclines(uint server) => FromClient(WireMessages.CookieReply(server)).Verdict;

    /// <summary>The client asks and is answered; whether it uses the answer is left to the test.</summary>
    public void Rekey(uint client, uint server) =>
        Assert.Equal((Verdict.Forward, Verdict.Forward), (ClientAsks(client), ServerAnswers(client, server)));

    /// <summary>The client asks, is answered, and uses the answer.</summary>
    public void Handshake(uint client, uint server)
    {
        Rekey(client, server);
        Assert.Equal(Verdict.Forward, Up(server));
    }

    /// <summary>Asserts that both indices pass as live ones: others pass too, but are counted apart.</summary>
    public void AssertLive(uint client = FirstClient, uint server = FirstServer)
    {
        RelayCounters counters = _driver.Relay.Counters;
        (long up, long down) = (counters.Tolerated(Direction.Uplink), counters.Tolerated(Direction.Downlink));
        Assert.Equal((Verdict.Forward, Verdict.Forward), (Up(server), Down(client)));
        Assert.Equal((up, down), (counters.Tolerated(Direction.Uplink), counters.Tolerated(Direction.Downlink)));
    }

    private Decision FromClient(byte[] datagram) => _driver.FromClient(Source, datagram);

    private Verdict FromServer(byte[] datagram) => _driver.FromServer(Slot, datagram).Verdict;

    private void Expect(Verdict verdict, Proof proof) => Assert.Equal((Verdict.Forward, proof), (verdict, Proof));
}
