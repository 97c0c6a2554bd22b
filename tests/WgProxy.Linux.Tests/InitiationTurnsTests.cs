using System.Net;
using WgProxy.Core.Engine;
using WgProxy.Linux.Tests.Rig;
using WgProxy.Linux.Workers;
using WgProxy.Tests;

namespace WgProxy.Linux.Tests;

/// <summary>Initiations come in runs of 64, and are judged sixteen in a turn.</summary>
public sealed class InitiationTurnsTests
{
    private const int Runs = 8;
    private const int PerRun = 64;

    // One receive brought 64 before, and one turn judged up to sixteen receives.
    [Fact]
    public void What_a_turn_has_no_budget_for_waits_in_its_run_and_is_not_lost()
    {
        using RelayRig rig = new();
        Peer client = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0)));
        byte[][] run = [.. Enumerable.Range(0, PerRun).Select(i => WireMessages.Initiation(RelayRig.NewRoute().Mac1, (uint)i))];
        long before = rig.Engine.Ask().Counters.Turns;
        rig.Gather(() =>
        {
            for (int i = 0; i < Runs; i++)
            {
                client.Send(run, rig.At(IPAddress.Loopback));
            }
        });
        rig.Await("uplink.BadMac1", Runs * PerRun);
        Assert.InRange(rig.Engine.Ask().Counters.Turns - before, Runs * PerRun / InitiationBudget.PerTurn, long.MaxValue);
    }
}
