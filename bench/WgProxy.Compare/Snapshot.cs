using WgProxy.Bench;

namespace WgProxy.Compare;

/// <summary>All meters at one instant; times in µs. The ends are load and sink.</summary>
internal sealed record Snapshot(SinkReport Sink, double Relay, double Ends, double Busy, double SoftIrq)
{
    /// <summary>Reads them, the sink's count last but one: its answer carries its own time.</summary>
    public static Snapshot Take(SinkProcess sink, Relay relay, params Child[] loads)
    {
        double cpu = relay.Process is { } process ? Account.Cpu(process.Id) : 0;
        SinkReport report = sink.Read();
        (double busy, double softIrq) = Account.Machine();
        return new Snapshot(report, cpu, sink.Cpu + loads.Sum(load => Account.Cpu(load.Id)), busy, softIrq);
    }
}

/// <summary>The sink, as the comparison sees it.</summary>
internal sealed class SinkProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Child _child;

    public SinkProcess(string space, string binary, bool gro, bool echo)
    {
        string[] words = [binary, "sink", "--listen", $"0.0.0.0:{Way.Port}"];
        _child = new Child(space, [.. words, .. gro ? ["--gro"] : Array.Empty<string>(), .. echo ? ["--echo"] : Array.Empty<string>()]);
        _ = _child.Hear(Patience);
    }

    /// <summary>Datagrams for which its socket had no room since the namespace began.</summary>
    public long Overflow => Account.ReceiveBufferErrors(_child.Id);

    /// <summary>Its CPU time in µs.</summary>
    public double Cpu => Account.Cpu(_child.Id);

    /// <summary>Counts from nothing again.</summary>
    public void Reset() => _ = Ask("reset");

    /// <summary>From now on it answers no initiation.</summary>
    public void Deafen() => _ = Ask("deafen");

    public SinkReport Read() => Ask("read");

    /// <summary>Reads once nothing has arrived for a while.</summary>
    public SinkReport ReadAtRest()
    {
        SinkReport before = Read();
        for (int tries = 0; tries < 20; tries++)
        {
            Thread.Sleep(50);
            SinkReport after = Read();
            if (after.Delivered == before.Delivered)
            {
                return after;
            }

            before = after;
        }

        return before;
    }

    public void Dispose() => _child.Dispose();

    private SinkReport Ask(string order)
    {
        _child.Say(order);
        return Lines.Read<SinkReport>(_child.Hear(Patience));
    }
}
