using System.Globalization;
using WgProxy.Bench;

namespace WgProxy.Compare;

/// <summary>One relay under one load for a few seconds.</summary>
internal sealed partial class Visit(
    Rig rig, string loadBinary, string key, SinkProcess sink, Scenario scenario, Relay relay, double seconds)
{
    private const double Slack = 0.3;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly CompareOptions _options = rig.Options;

    /// <summary>Measures; what goes wrong is the outcome.</summary>
    public Outcome Run()
    {
        try
        {
            sink.Reset();
            return scenario.Measure switch
            {
                Measure.Throughput => Throughput(),
                Measure.RoundTrip => RoundTrip(),
                Measure.Storm => Storm(),
                Measure.Flood => Flood(),
                _ => Memory(),
            };
        }
        catch (Exception trouble) when (trouble is TimeoutException or InvalidOperationException or IOException)
        {
            return new Outcome { Failure = trouble.Message };
        }
    }

    private Outcome Throughput()
    {
        long sinkOverflow = sink.Overflow;
        long relayOverflow = Overflow();
        using Child load = Start(scenario.Load, "--shape", "stream", "--seconds", Text(_options.WarmUp + seconds + Slack));
        Thread.Sleep(TimeSpan.FromSeconds(_options.WarmUp));
        Snapshot begin = Snapshot.Take(sink, relay, load);
        Thread.Sleep(TimeSpan.FromSeconds(seconds));
        Snapshot end = Snapshot.Take(sink, relay, load);
        LoadReport sent = Lines.Read<LoadReport>(load.Hear(Patience));
        SinkReport all = sink.ReadAtRest();

        long delivered = end.Sink.Delivered - begin.Sink.Delivered;
        double each = Math.Max(1, delivered);
        double nanoseconds = end.Sink.Nanoseconds - begin.Sink.Nanoseconds;
        return Resident(new Outcome
        {
            Rate = delivered / (nanoseconds / 1e9),
            Sent = sent.Sent,
            Loss = 1 - (all.Delivered / (double)Math.Max(1, sent.Sent)),
            Duplicated = all.Duplicated,
            Reordered = all.Reordered,
            RelayMicros = relay.Process is null ? null : (end.Relay - begin.Relay) / each,
            MachineMicros = (end.Busy - begin.Busy) / each,
            SoftIrqMicros = (end.SoftIrq - begin.SoftIrq) / each,
            Others = OthersBetween(begin, end),
            PerMessage = delivered / (double)Math.Max(1, end.Sink.Messages - begin.Sink.Messages),
            RelayOverflow = relay.Process is null ? null : Overflow() - relayOverflow,
            SinkOverflow = sink.Overflow - sinkOverflow,
        });
    }

    private Outcome RoundTrip()
    {
        // It stays, so that its CPU time can still be read; nothing is read while it measures.
        using Child load = Start(
            scenario.Load, "--shape", "pingpong", "--warm-up", Text(_options.WarmUp), "--seconds", Text(seconds), "--stay");
        Snapshot begin = Snapshot.Take(sink, relay, load);
        LoadReport report = Lines.Read<LoadReport>(load.Hear(Patience));
        Snapshot end = Snapshot.Take(sink, relay, load);
        return Resident(new Outcome
        {
            Rate = report.Echoed / report.Seconds,
            Sent = report.Sent,
            Loss = 1 - (report.Echoed / (double)Math.Max(1, report.Sent)),
            P50 = report.P50,
            P99 = report.P99,
            P999 = report.P999,
            Others = OthersBetween(begin, end),
        });
    }

    /// <summary>Starts a load and waits until its handshakes are through.</summary>
    private Child Start(string[] shape, params string[] more)
    {
        Child load = Open([.. shape, "--flows", Text(scenario.Flows), .. more]);
        try
        {
            Expect(load, "ready");
            return load;
        }
        catch
        {
            load.Dispose();
            throw;
        }
    }

    private Child Open(params string[] more)
    {
        Child load = new(rig.Client, [loadBinary, "load", "--to", relay.Target, "--key", key, .. more]);
        Expect(load, "open");
        return load;
    }

    private static void Expect(Child load, string word)
    {
        string line = load.Hear(Patience);
        if (!string.Equals(line, word, StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"expected {word}, heard {line}: {load.Complaints}");
        }
    }

    private long Overflow() => relay.Process is { } process ? Account.ReceiveBufferErrors(process.Id) : 0;

    private static double OthersBetween(Snapshot begin, Snapshot end)
    {
        double others = end.Busy - begin.Busy - (end.Relay - begin.Relay) - (end.Ends - begin.Ends);
        return Math.Max(0, others * 1000 / (end.Sink.Nanoseconds - begin.Sink.Nanoseconds));
    }

    private Outcome Resident(Outcome outcome)
    {
        if (relay.Process is not { } process)
        {
            return outcome;
        }

        (long resident, long proportional) = Account.Memory(process.Id);
        return outcome with { Resident = resident, Proportional = proportional };
    }

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
}
