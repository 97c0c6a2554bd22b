using System.Net;
using WgProxy.Causes;

namespace WgProxy.Tests.Causes;

/// <summary>Which cause is told for what is seen.</summary>
public sealed class CauseFinderTests
{
    private static readonly Tick Now = new(1_000_000);
    private static readonly DateTimeOffset UtcNow = new(2026, 11, 27, 3, 0, 0, TimeSpan.Zero);
    private static readonly RouteId Home = new(0, 1);
    private static readonly RouteId Office = new(1, 1);
    private static readonly Source Alice = Client("192.0.2.7", 41_820);
    private static readonly Source Bob = Client("198.51.100.9", 51_820);

    [Fact]
    public void Nothing_is_amiss_while_every_client_is_answered()
    {
        Cause cause = Assert.Single(Of([Mapping(Alice, Proof.Confirmed)]).All());
        Assert.Equal(CauseKind.None, cause.Kind);
        Assert.Equal("nothing is amiss: 1 client has a tunnel, and no client waits for an answer", cause.Text);
    }

    [Fact]
    public void A_client_that_has_just_asked_gives_no_cause_yet()
    {
        CauseFinder finder = Of([Mapping(Alice, Proof.Asked) with { AskedSince = Now + -5_999 }]);
        Assert.Equal(CauseKind.None, Assert.Single(finder.All()).Kind);
        Assert.Equal("client 192.0.2.7:41820 asks server home since 5 s: too early to tell", Assert.Single(finder.Of("192.0.2.7")).Text);
    }

    [Fact]
    public void Of_one_client_alone_it_cannot_be_told_whether_the_server_is_down_or_does_not_know_it()
    {
        Cause cause = Assert.Single(Of([Mapping(Alice, Proof.Asked)]).All());
        Assert.Equal(CauseKind.SilentForOnlyClient, cause.Kind);
        Assert.Contains("does not answer its handshakes for 20 s (it has answered no handshake since the relay started), and no other client asks it", cause.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_that_answered_another_since_is_silent_for_this_client()
    {
        Cause cause = Assert.Single(Of([Mapping(Alice, Proof.Asked), Mapping(Bob, Proof.Confirmed)], Now + -10_000).All());
        Assert.Equal((CauseKind.SilentForClient, Alice, "home"), (cause.Kind, cause.Client, cause.Server));
    }

    [Fact]
    public void An_answer_from_before_it_asked_says_nothing_about_now()
    {
        Cause cause = Assert.Single(Of([Mapping(Alice, Proof.Asked), Mapping(Bob, Proof.Confirmed)], Now + -30_000).All());
        Assert.Equal(CauseKind.SilentForOnlyClient, cause.Kind);
        Assert.Contains("its last answer was 30 s ago", cause.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_that_two_addresses_ask_in_vain_answers_nobody()
    {
        Cause cause = Assert.Single(Of([Mapping(Alice, Proof.Asked), Mapping(Bob, Proof.Asked)]).All());
        Assert.Equal((CauseKind.ServerSilent, (Source?)null, "home"), (cause.Kind, cause.Client, cause.Server));
        Assert.StartsWith("server home at 203.0.113.1:51820 answers no client (it has answered no handshake since the relay started), while 2 clients wait: ", cause.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tunnel_that_goes_unanswered_shows_that_the_server_fell_silent()
    {
        Cause cause = Assert.Single(Of([Mapping(Alice, Proof.Confirmed, isUnanswered: true)], Now + -100_000).All());
        Assert.Equal(CauseKind.ServerSilent, cause.Kind);
        Assert.EndsWith("it is down, or unreachable from here", cause.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_ports_of_one_address_are_one_client()
    {
        Cause[] causes = [.. Of([Mapping(Alice, Proof.Asked), Mapping(Client("192.0.2.7", 41_821), Proof.Asked)]).All()];
        Assert.All(causes, cause => Assert.Equal(CauseKind.SilentForOnlyClient, cause.Kind));
        Assert.Equal(2, causes.Length);
    }

    [Fact]
    public void A_client_with_another_key_for_the_server_is_told_the_right_one()
    {
        Cause cause = Assert.Single(Of([], strangers: [Stranger(Alice, Verdict.BadMac1, times: 3)]).All());
        Assert.Equal(CauseKind.WrongServerKey, cause.Kind);
        Assert.True(cause.IsUnauthenticated);
        Assert.Equal($"client 192.0.2.7:41820 (unauthenticated): its 3 initiations are made for another public key than the server's, {Keys.TextOf(1)}: its [Peer] has the wrong PublicKey", cause.Text);
    }

    [Fact]
    public void A_wrong_key_of_long_ago_or_of_one_who_has_a_tunnel_is_no_cause()
    {
        StrangerStatus old = Stranger(Bob, Verdict.BadMac1);
        old.Last = Now + -180_000;
        Assert.Equal(CauseKind.None, Assert.Single(Of([Mapping(Alice, Proof.Confirmed)], strangers: [old, Stranger(Alice, Verdict.BadMac1)]).All()).Kind);
    }

    [Theory]
    [InlineData(Verdict.Denied, "its address is not on the allow list, or is on the deny list")]
    [InlineData(Verdict.TableFull, "the table is full")]
    public void A_refused_client_is_told_why(Verdict verdict, string why)
    {
        StrangerStatus stranger = Stranger(Alice, verdict);
        stranger.Route = Home;
        Cause cause = Assert.Single(Of([], strangers: [stranger]).All());
        Assert.Equal((CauseKind.Refused, "home"), (cause.Kind, cause.Server));
        Assert.EndsWith(why, cause.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_flood_is_one_line_behind_the_first_twenty()
    {
        StrangerStatus[] flood = [.. Enumerable.Range(1, 100).Select(i => Stranger(Client($"10.0.0.{i}", 1_000), Verdict.BadMac1))];
        IReadOnlyList<Cause> causes = Of([], strangers: flood).All();
        Assert.Equal(21, causes.Count);
        Assert.StartsWith("80 more sources (unauthenticated) are refused", causes[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Answers_that_the_client_makes_nothing_of_are_lost_or_of_another_preshared_key()
    {
        Cause cause = Assert.Single(Of([Mapping(Alice, Proof.Answered)], Now + -100).All());
        Assert.Equal(CauseKind.AnswerUnused, cause.Kind);

        // From here the two look alike: the line says so.
        Assert.EndsWith("the way back from the relay to the client loses them (firewall, NAT), or the two have different preshared keys", cause.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_client_that_two_things_keep_from_its_tunnels_is_told_both()
    {
        MappingStatus unused = Mapping(Alice, Proof.Answered) with { Route = Office };
        CauseFinder finder = Of([Mapping(Alice, Proof.Asked), unused], strangers: [Stranger(Alice, Verdict.BadMac1)]);
        Assert.Equal([CauseKind.WrongServerKey, CauseKind.SilentForOnlyClient, CauseKind.AnswerUnused], finder.Of("192.0.2.7").Select(cause => cause.Kind));
        Assert.EndsWith(
            "the server at 203.0.113.1:51820 is down or unreachable, or it does not list the client's public key, or the client's clock was set back", finder.Of("192.0.2.7")[1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tunnel_that_has_only_small_data_from_the_server_hints_at_the_mtu()
    {
        MappingStatus mapping = Mapping(Alice, Proof.Confirmed) with { UplinkBytes = 100_000, DownlinkBytes = 9_000, HasSentLarge = true, HasReceivedLarge = false };
        Assert.Equal(CauseKind.OnlySmallData, Assert.Single(Of([mapping]).All()).Kind);
        Assert.Equal(CauseKind.None, Assert.Single(Of([mapping with { HasReceivedLarge = true }]).All()).Kind);
        Assert.Equal(CauseKind.None, Assert.Single(Of([mapping with { UplinkBytes = 1_000, DownlinkBytes = 1_000 }]).All()).Kind);
    }

    [Fact]
    public void A_client_that_gave_up_is_still_told_of()
    {
        Attempt gone = new(Alice, Home, WasAnswered: false, UtcNow.AddSeconds(-100));
        Assert.Equal(CauseKind.SilentForOnlyClient, Assert.Single(Of([], attempts: [gone]).All()).Kind);
        Assert.Equal(CauseKind.SilentForClient, Assert.Single(Of([Mapping(Bob, Proof.Confirmed)], Now + -50_000, attempts: [gone]).All()).Kind);
        Assert.Equal(CauseKind.AnswerUnused, Assert.Single(Of([], attempts: [gone with { WasAnswered = true }]).All()).Kind);
        Assert.Equal(CauseKind.None, Assert.Single(Of([], attempts: [gone with { Ended = UtcNow.AddSeconds(-180) }]).All()).Kind);
        Assert.Equal(CauseKind.None, Assert.Single(Of([Mapping(Alice, Proof.Confirmed)], attempts: [gone]).All()).Kind);
    }

    [Fact]
    public void Two_causes_at_once_are_both_told_the_widest_first()
    {
        MappingStatus unused = Mapping(Client("192.0.2.8", 5), Proof.Answered) with { Route = Office };
        IReadOnlyList<Cause> causes = Of(
            [unused, Mapping(Alice, Proof.Asked), Mapping(Bob, Proof.Asked)], strangers: [Stranger(Client("192.0.2.9", 7), Verdict.BadMac1)]).All();
        Assert.Equal([CauseKind.ServerSilent, CauseKind.WrongServerKey, CauseKind.AnswerUnused], causes.Select(cause => cause.Kind));
    }

    [Fact]
    public void Asked_for_one_client_only_its_own_causes_are_told()
    {
        CauseFinder finder = Of([Mapping(Alice, Proof.Asked), Mapping(Bob, Proof.Confirmed)], Now + -10_000, [Stranger(Client("192.0.2.9", 7), Verdict.BadMac1)]);
        Assert.Equal(CauseKind.SilentForClient, Assert.Single(finder.Of("192.0.2.7")).Kind);
        Assert.Equal(CauseKind.SilentForClient, Assert.Single(finder.Of("192.0.2.7:41820")).Kind);
        Assert.Equal(CauseKind.NothingHeard, Assert.Single(finder.Of("192.0.2.7:1")).Kind);
        Assert.Equal(CauseKind.HasTunnel, Assert.Single(finder.Of("198.51.100.9")).Kind);
        Assert.Equal(CauseKind.WrongServerKey, Assert.Single(finder.Of("192.0.2.9")).Kind);
        Assert.StartsWith("nothing from 203.0.113.77 has reached this relay in the last 180 s", Assert.Single(finder.Of("203.0.113.77")).Text, StringComparison.Ordinal);
        Assert.Equal(CauseKind.HasTunnel, Assert.Single(finder.Of("bob-laptop")).Kind);
    }

    [Fact]
    public void A_client_of_a_server_that_answers_nobody_is_told_that()
    {
        CauseFinder finder = Of([Mapping(Alice, Proof.Asked), Mapping(Bob, Proof.Asked)]);
        Assert.Equal(CauseKind.ServerSilent, Assert.Single(finder.Of("192.0.2.7")).Kind);
    }

    [Fact]
    public void Only_ends_without_a_tunnel_are_attempts_and_256_of_them_are_kept()
    {
        Attempts attempts = new(new FakeTime());
        attempts.Observe(Ended(RelayEventKind.Expired, Proof.Confirmed, 1));
        attempts.Observe(Ended(RelayEventKind.Opened, Proof.Asked, 1));
        Assert.Empty(attempts.All);
        for (int i = 0; i < 300; i++)
        {
            attempts.Observe(Ended(RelayEventKind.Expired, i % 2 == 0 ? Proof.Asked : Proof.Answered, i));
        }

        Assert.Equal(Enumerable.Range(44, 256), attempts.All.Select(attempt => (int)attempt.Client.Port).Order());
        Assert.All(attempts.All, attempt => Assert.Equal(attempt.Client.Port % 2 == 1, attempt.WasAnswered));
    }

    private static RelayEvent Ended(RelayEventKind kind, Proof proof, int port) =>
        new(kind, 0, Client("192.0.2.1", port), Home, 40_000, ServerUsedPort: false) { Proof = proof };

    private static CauseFinder Of(
        MappingStatus[] mappings, Tick lastHandshake = default, StrangerStatus[]? strangers = null, Attempt[]? attempts = null) => new(new Evidence
        {
            Now = Now,
            UtcNow = UtcNow,
            Servers = mappings.Any(mapping => mapping.Route == Office)
                ? [Server(Home, "home", 1, lastHandshake), Server(Office, "office", 2, Now)]
                : [Server(Home, "home", 1, lastHandshake)],
            Mappings = mappings,
            Strangers = strangers ?? [],
            Attempts = attempts ?? [],
            PeerName = (_, peer) => peer == new PeerId(1) ? "bob-laptop" : null,
        });

    private static ServerEvidence Server(RouteId route, string name, int key, Tick lastHandshake) =>
        new(route, name, Keys.Parse(Keys.TextOf(key)), "203.0.113.1:51820", lastHandshake);

    private static MappingStatus Mapping(Source client, Proof proof, bool isUnanswered = false) => new(
        1, client, Home, proof, 40_000, new IPEndPoint(IPAddress.Parse("203.0.113.1"), 51_820), client.Port, Now + -1_000, Now + 300_000, 1_000, 1_000, HasShownCookie: false, isUnanswered)
        {
            AskedSince = Now + -20_000,
            HasReceivedLarge = true,
            Peer = client == Bob ? new PeerId(1) : default,
        };

    private static StrangerStatus Stranger(Source source, Verdict verdict, int times = 1) =>
        new() { Source = source, Verdict = verdict, Times = times, First = Now + -15_000, Last = Now + -1_000 };

    private static Source Client(string address, int port) => Source.From(new IPEndPoint(IPAddress.Parse(address), port), null);
}
