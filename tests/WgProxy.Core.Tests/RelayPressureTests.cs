using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

/// <summary>What happens at the cap: who makes room for whom, and who never does.</summary>
public sealed class RelayPressureTests
{
    [Fact]
    public void The_oldest_of_too_many_that_asked_makes_room()
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 64, MaxAsked = 4 });
        int first = driver.Ask(RelayDriver.Client(0));
        foreach (int client in Enumerable.Range(1, 4))
        {
            driver.Pass(0.01);
            driver.Ask(RelayDriver.Client(client));
        }

        Assert.Equal(Proof.None, driver.Relay.ProofOf(first));
        Assert.Equal(4, driver.Relay.Counters[Proof.Asked]);
        Assert.Equal(1, driver.Relay.Counters[RelayEventKind.Evicted]);
    }

    [Fact]
    public void Room_is_made_in_the_order_of_proof()
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 5, MaxAsked = 5, IdleTimeout = TimeSpan.FromSeconds(1) });
        driver.Confirm(RelayDriver.Client(0));
        driver.Pass(1.1);
        driver.Answer(RelayDriver.Client(1));
        driver.Ask(RelayDriver.Client(2));
        driver.Establish(RelayDriver.Client(3));
        driver.Confirm(RelayDriver.Client(4));
        Assert.Equal(1, driver.Relay.Counters[Proof.Lingering]);
        driver.Log.Clear();

        foreach (int newcomer in Enumerable.Range(10, 3))
        {
            int slot = driver.Ask(RelayDriver.Client(newcomer));
            driver.FromServer(slot, WireMessages.Response(0x51, 0xC1));
            driver.FromClient(RelayDriver.Client(newcomer), WireMessages.Transport(0x51));
        }

        Assert.Equal(
            [RelayDriver.Client(0), RelayDriver.Client(2), RelayDriver.Client(1)],
            driver.Log.Where(change => change.Kind == RelayEventKind.Evicted).Select(change => change.Source));
    }

    [Fact]
    public void A_newcomer_never_displaces_a_proven_mapping()
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 8, MaxAsked = 8 });
        int[] proven = [.. Enumerable.Range(0, 8).Select(i => i % 2 == 0 ? driver.Establish(RelayDriver.Client(i)) : driver.Confirm(RelayDriver.Client(i)))];

        foreach (int stranger in Enumerable.Range(100, 500))
        {
            byte[] initiation = WireMessages.Initiation(driver.Mac1, (uint)stranger);
            Assert.Equal(Verdict.TableFull, driver.FromClient(RelayDriver.Client(stranger), initiation).Verdict);
        }

        Assert.All(proven, slot => Assert.True(driver.Relay.ProofOf(slot) >= Proof.Established));
    }

    [Fact]
    public void The_cap_holds_whatever_comes()
    {
        RelaySettings settings = new() { MaxMappings = 32, MaxAsked = 8 };
        RelayDriver driver = new(settings);
        foreach (int client in Enumerable.Range(0, 5_000))
        {
            driver.Pass(0.05);
            int slot = driver.FromClient(RelayDriver.Client(client), WireMessages.Initiation(driver.Mac1, 0xC1)).Slot;
            if (client % 3 == 0 && slot >= 0)
            {
                driver.FromServer(slot, WireMessages.Response(0x51, 0xC1));
            }

            long live = Enum.GetValues<Proof>().Sum(proof => driver.Relay.Counters[proof]);
            Assert.InRange(live, 0, settings.MaxMappings);
            Assert.InRange(driver.Relay.Counters[Proof.Asked], 0, settings.MaxAsked);
        }
    }

    [Fact]
    public void A_slot_is_not_reused_before_it_is_released()
    {
        Route route = RelayDriver.NewRoute();
        Relay relay = new(new RelaySettings { MaxMappings = 4, MaxAsked = 2 }, [route]);
        HashSet<int> held = [];
        for (int client = 0; client < 1_000; client++)
        {
            byte[] initiation = WireMessages.Initiation(route.Mac1, (uint)client);
            Decision decision = relay.FromClient(initiation, initiation.Length, RelayDriver.Client(client), new Tick(client));
            if (decision.Verdict == Verdict.TableFull)
            {
                Assert.Equal(relay.Slots, held.Count);
                return;
            }

            Assert.Equal(Verdict.Open, decision.Verdict);
            Assert.True(held.Add(decision.Slot), $"slot {decision.Slot} was given twice");
        }

        Assert.Fail("sockets without number");
    }
}
