using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

// What lingers: for how long, and who may call it back.
public sealed partial class RelayTimerTests
{
    [Fact]
    public void Asking_alone_neither_revives_nor_prolongs_nor_shortens_what_lingers()
    {
        Scenario alice = Scenario.Lingering(_driver);
        for (uint asked = 0; asked < 35; asked++)
        {
            Assert.Equal((Verdict.Forward, Proof.Lingering), (alice.ClientAsks(0xF0 + asked), alice.Proof));
            alice.Wait(5);
        }

        Assert.Equal(Verdict.Forward, alice.ServerAsks(0x53));
        alice.Wait(30.1);
        Assert.Equal((Proof.None, RelayEventKind.Expired), (alice.Proof, Last));
    }

    // Each end can be forged: the server by who can write its address, the client's asking by who knows the public key, and
    // then the server answers.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_lingers_and_hears_one_end_only_lingers_no_longer_than_it_would_have(bool asked)
    {
        Scenario alice = Scenario.Lingering(_driver);
        double lingered = SecondsUntilItEnds(alice, i =>
        {
            if (asked)
            {
                alice.ClientAsks(0xF0 + i);
            }

            Assert.Equal(Verdict.Forward, asked ? alice.ServerAnswers(0xF0 + i, 0x60 + i) : alice.ServerAsks(0x60 + i));
        });
        Assert.InRange(lingered, 180, 210);
    }

    // What revival costs (decision 65): the server's end can be forged.
    [Fact]
    public void What_one_end_revives_newcomers_do_not_displace_until_it_ends()
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 1 });
        Scenario alice = Scenario.Lingering(driver);
        int refused = 0;
        for (uint asked = 0; asked < 30 && alice.Proof != Proof.None; asked++)
        {
            Assert.Equal(Verdict.Forward, alice.ServerAsks(0x60 + asked));
            Assert.Equal(Verdict.TableFull, driver.FromClient(RelayDriver.Client(2), WireMessages.Initiation(driver.Mac1, asked)).Verdict);
            refused++;
            alice.Wait(10);
        }

        Assert.InRange(refused, 18, 21);
        Assert.Equal(Verdict.Open, driver.FromClient(RelayDriver.Client(2), WireMessages.Initiation(driver.Mac1, 0xD2)).Verdict);
    }

    [Fact]
    public void A_client_that_comes_back_after_it_lingered_lives_on()
    {
        Scenario alice = Scenario.Lingering(_driver);
        alice.Wait(179);
        alice.Rekey(0xC9, 0x59);
        alice.Up(0x59);
        alice.Wait(299);
        Assert.Equal(Proof.Confirmed, alice.Proof);
        alice.Wait(1.1 + 179);
        Assert.Equal(Proof.Lingering, alice.Proof);
    }

    [Fact]
    public void Answers_of_the_server_alone_keep_no_tunnel_alive()
    {
        Scenario alice = Scenario.Confirmed(_driver);
        for (uint i = 0; i < 30; i++)
        {
            alice.Rekey(0xF0 + i, 0x60 + i);
            alice.Wait(10);
        }

        alice.Wait(0.1);
        Assert.Equal(Proof.Lingering, alice.Proof);
    }

    [Fact]
    public void What_lingers_makes_room_last_if_it_has_just_asked()
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 3, MaxAsked = 3, LoadedAsked = 3 });
        int[] slots = [.. Enumerable.Range(1, 3).Select(client => driver.Confirm(RelayDriver.Client(client), 0xC0 + (uint)client, 0x50 + (uint)client))];
        driver.Pass(301);
        driver.FromClient(RelayDriver.Client(1), WireMessages.Initiation(driver.Mac1, 0xD1));
        driver.Ask(RelayDriver.Client(4), 0xD4);
        driver.Ask(RelayDriver.Client(5), 0xD5);
        Assert.Equal([Proof.Lingering], slots.Take(1).Select(driver.Relay.ProofOf));
        driver.FromServer(slots[0], WireMessages.Response(0x61, 0xD1));
        Assert.Equal(Proof.Confirmed, driver.Relay.ProofOf(slots[0]));
    }

    [Fact]
    public void A_cookie_of_the_server_keeps_the_port_of_what_lingers()
    {
        Scenario alice = Scenario.Lingering(_driver);
        alice.Wait(179);
        alice.ClientAsks(0xC2);
        alice.ServerDeclines(0xC2);
        alice.Wait(129);
        Assert.Equal(Proof.Lingering, alice.Proof);
        alice.Wait(1.1);
        Assert.Equal(Proof.None, alice.Proof);
    }

    [Fact]
    public void Cookies_of_the_server_keep_what_lingers_once_and_not_for_ever()
    {
        Scenario alice = Scenario.Lingering(_driver);
        double lingered = SecondsUntilItEnds(alice, i =>
        {
            alice.ClientAsks(0xF0 + i);
            alice.ServerDeclines(0xF0 + i);
        });
        Assert.InRange(lingered, 300, 320);
    }

    // Whoever can write a client's address, and has a tunnel of his own: with its indices, and with handshakes as well.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Who_claims_his_own_tunnel_under_the_address_of_what_lingers_neither_ends_nor_keeps_it(bool handshakes)
    {
        Source mallory = RelayDriver.Client(66);
        Scenario alice = Scenario.Confirmed(_driver);

        // More came down than went up: for one who only claims, that would be the end of it.
        alice.Down(length: 10_000);
        alice.Wait(290);
        int his = _driver.Confirm(mallory, 0xCA, 0x5A);
        alice.Wait(10.1);
        Assert.Equal(Proof.Lingering, alice.Proof);
        double lingered = SecondsUntilItEnds(alice, i =>
        {
            // His index is good for 190 s.
            if (i < 17)
            {
                Assert.Equal(Verdict.Forward, alice.Up(0x5A));
                Assert.Equal(Verdict.Forward, _driver.FromClient(mallory, WireMessages.Transport(0x5A)).Verdict);
            }

            if (handshakes)
            {
                alice.Rekey(0xF0 + i, 0x60 + i);
            }

            Assert.Equal(Verdict.Forward, alice.ServerAsks(0x90 + i));
        });
        Assert.InRange(lingered, 180, 210);
        Assert.Equal(Proof.Confirmed, _driver.Relay.ProofOf(his));
    }

    // A cookie of the server, which needs the port, had prolonged it.
    [Fact]
    public void Who_claims_his_own_tunnel_there_at_last_does_not_end_it_at_once()
    {
        Scenario alice = Scenario.Lingering(_driver);
        alice.Wait(170);
        alice.ClientAsks(0xC9);
        alice.ServerDeclines(0xC9);
        alice.Wait(20);
        _driver.Confirm(RelayDriver.Client(66), 0xCA, 0x5A);
        Assert.Equal(Verdict.Forward, alice.Up(0x5A));
        alice.Wait(100);
        Assert.NotEqual(Proof.None, alice.Proof);
        alice.Wait(15);
        Assert.Equal(Proof.None, alice.Proof);
    }

    // He asks in the server's name and declines in the client's: neither takes a key.
    [Fact]
    public void A_cookie_reply_of_the_clients_is_no_sign_of_life()
    {
        Scenario alice = Scenario.Confirmed(_driver);
        for (uint i = 0; i < 30; i++)
        {
            Assert.Equal(Verdict.Forward, alice.ServerAsks(0x60 + i));
            Assert.Equal(Verdict.Forward, alice.ClientDeclines(0x60 + i));
            alice.Wait(10);
        }

        alice.Wait(0.1);
        Assert.Equal(Proof.Lingering, alice.Proof);
    }

    /// <summary>Does something every ten seconds until the mapping has ended; how long that took.</summary>
    private double SecondsUntilItEnds(Scenario scenario, Action<uint> each)
    {
        const double step = 10;
        uint steps = 0;
        for (; scenario.Proof != Proof.None; steps++)
        {
            Assert.InRange(steps, 0u, 100u);
            each(steps);
            scenario.Wait(step);
        }

        return steps * step;
    }
}
