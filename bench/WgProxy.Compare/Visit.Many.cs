using WgProxy.Bench;

namespace WgProxy.Compare;

// Ten thousand clients: all at once, and then idle.
internal sealed partial class Visit
{
    private const int LivePerSecond = 2_000;
    private const int LiveSeconds = 4;
    private const int CalmHandshakes = 3_000;

    private static readonly string[] Crowd = ["--shape", "storm", "--flows", Text(Scenario.Many), "--from", "10.78.0.1"];

    // Long enough for two of WireGuard's retries (5 s each).
    private const int StormPatience = 12;

    private Outcome Storm()
    {
        relay.Stop();
        relay.Start();
        using Child live = Open(
            "--shape", "stream", "--rate", Text(LivePerSecond), "--size", "200", "--burst", "1", "--echo", "--seconds", Text(LiveSeconds));
        Expect(live, "ready");
        using Child crowd = Open([.. Crowd, "--wait", "--patience", Text(StormPatience)]);
        Thread.Sleep(TimeSpan.FromSeconds(_options.WarmUp));
        crowd.Say("go");
        Expect(crowd, "ready");
        LoadReport storm = Lines.Read<LoadReport>(crowd.Hear(Patience));
        LoadReport stream = Lines.Read<LoadReport>(live.Hear(Patience));
        SinkReport all = sink.ReadAtRest();
        return Resident(new Outcome
        {
            Sent = stream.Sent,
            Answered = storm.Answered,
            AnsweredSeconds = storm.AnsweredSeconds,
            Initiations = storm.Initiations,
            P50 = storm.P50,
            P99 = storm.P99,
            P999 = storm.P999,
            LiveLossUp = 1 - (all.FirstDelivered / (double)Math.Max(1, stream.Sent)),
            LiveLossDown = 1 - (stream.Echoed / (double)Math.Max(1, all.FirstDelivered)),
        });
    }

    // The crowd's own sockets are open before the first reading, so that the slab's growth is the relay's.
    private Outcome Memory()
    {
        using MemoryGroup? group = MemoryGroup.Open();
        relay.Stop();
        relay.Start(group?.Processes);
        try
        {
            using Child crowd = Open([.. Crowd, "--wait", "--stay", "--ask-rate", Text(CalmHandshakes)]);
            Holding before = Settle(group);
            crowd.Say("go");
            Expect(crowd, "ready");
            LoadReport report = Lines.Read<LoadReport>(crowd.Hear(Patience));
            Holding after = Settle(group);
            double each = Math.Max(1, report.Answered);
            return new Outcome
            {
                Answered = report.Answered,
                Resident = relay.Process is null ? null : before.Resident,
                Proportional = relay.Process is null ? null : before.Proportional,
                MappingResident = relay.Process is null ? null : (after.Resident - before.Resident) / each,
                MappingGroup = relay.Process is null || group is null ? null : (after.Group - before.Group) / each,
                MappingSlab = (after.Slab - before.Slab) / each,
            };
        }
        finally
        {
            // The group cannot be removed while a process is in it.
            relay.Stop();
        }
    }

    private sealed record Holding(long Resident, long Proportional, long Group, long Slab);

    private Holding Settle(MemoryGroup? group)
    {
        Thread.Sleep(1500);
        (long resident, long proportional) = relay.Process is { } process ? Account.Memory(process.Id) : default;
        return new Holding(resident, proportional, group?.Usage ?? 0, Account.Slab());
    }
}
