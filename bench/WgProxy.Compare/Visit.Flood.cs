using WgProxy.Bench;

namespace WgProxy.Compare;

// Initiations of strangers, far more than any server would judge, beside one tunnel.
internal sealed partial class Visit
{
    private const int BesideFloodPerSecond = 500;

    // A relay that has just begun compiles meanwhile, and opens mappings until it has reason to ask for cookies.
    private const double FloodWarmUp = 3;

    // The relay begins anew: while it asks for cookies, the live stream, which knows none, would not get in.
    private Outcome Flood()
    {
        double length = FloodWarmUp + seconds + Slack;
        relay.Stop();
        relay.Start();
        using Child live = Open(
            "--shape", "stream", "--rate", Text(BesideFloodPerSecond), "--size", "200", "--burst", "1", "--echo", "--seconds", Text(length + Slack));
        Expect(live, "ready");

        // From now on the server answers nobody, as it would not if it could read what it is sent.
        sink.Deafen();
        long relayOverflow = Overflow();
        string[] words = [loadBinary, "flood", "--to", relay.Target, "--key", key, "--from", Rig.FirstOfMany, "--seconds", Text(length)];
        using Child flood = new(rig.Client, [.. words, .. scenario.Load]);
        Expect(flood, "open");
        Thread.Sleep(TimeSpan.FromSeconds(FloodWarmUp));
        StatusLine? before = Status();
        Snapshot begin = Snapshot.Take(sink, relay, live, flood);
        Thread.Sleep(TimeSpan.FromSeconds(seconds));
        StatusLine? after = Status();
        Snapshot end = Snapshot.Take(sink, relay, live, flood);
        LoadReport asked = Lines.Read<LoadReport>(flood.Hear(Patience));
        LoadReport stream = Lines.Read<LoadReport>(live.Hear(Patience));
        SinkReport all = sink.ReadAtRest();

        double span = (end.Sink.Nanoseconds - begin.Sink.Nanoseconds) / 1e9;
        double reached = end.Sink.Initiations - begin.Sink.Initiations;
        double? refused = after?.Dropped - before?.Dropped;
        double? judged = refused + reached;
        double? micros = (end.Relay - begin.Relay) / judged;
        return Resident(new Outcome
        {
            Sent = stream.Sent,
            Initiations = asked.Initiations,
            AskedRate = asked.Initiations / asked.Seconds,
            Rate = judged / span,
            RefusedRate = refused / span,
            ReachedRate = reached / span,
            CookieRate = asked.Cookies / asked.Seconds,
            RelayMicros = micros,
            PerCore = 1e6 / micros,
            Others = OthersBetween(begin, end),
            RelayOverflow = relay.Process is null ? null : Overflow() - relayOverflow,
            LiveLossUp = 1 - (all.FirstDelivered / (double)Math.Max(1, stream.Sent)),
            LiveLossDown = 1 - (stream.Echoed / (double)Math.Max(1, all.FirstDelivered)),
        });
    }

    private StatusLine? Status() => relay.Process is { } process ? StatusLine.Ask(process) : null;
}
