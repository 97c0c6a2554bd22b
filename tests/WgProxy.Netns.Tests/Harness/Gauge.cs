namespace WgProxy.Netns.Tests.Harness;

/// <summary>What a relay holds, second by second, and what it says in the log unasked.</summary>
internal sealed class Gauge
{
    private readonly RelayProcess _relay;
    private readonly int _firstLine;
    private readonly System.Diagnostics.Stopwatch _watch = System.Diagnostics.Stopwatch.StartNew();
    private readonly List<(int Sockets, long KiB)> _seen = [];

    public Gauge(RelayProcess relay)
    {
        _relay = relay;
        _firstLine = relay.Lines.Length;
        Read();
    }

    /// <summary>Sockets at the beginning.</summary>
    public int FirstSockets => _seen[0].Sockets;

    /// <summary>The most sockets seen.</summary>
    public int MostSockets => _seen.Max(seen => seen.Sockets);

    /// <summary>How much memory grew in all, in KiB.</summary>
    public long Growth => _seen.Max(seen => seen.KiB) - _seen[0].KiB;

    /// <summary>How much memory grew in the second half: what a leak would go on doing.</summary>
    public long LateGrowth => _seen[^1].KiB - _seen[_seen.Count / 2].KiB;

    /// <summary>Bytes logged each second, but for the answers to this test's own questions.</summary>
    public double LoggedPerSecond => _relay.Lines.Skip(_firstLine)
        .Where(line => !line.Contains(" status: ", StringComparison.Ordinal))
        .Sum(line => line.Length + 1) / _watch.Elapsed.TotalSeconds;

    public void Read() => _seen.Add((_relay.Sockets, _relay.ResidentKiB));

    /// <summary>Reads every second until the condition holds, but at least this long.</summary>
    public async Task ReadUntilAsync(TimeSpan atLeast, Func<bool> condition, TimeSpan deadline)
    {
        using PeriodicTimer second = new(TimeSpan.FromSeconds(1));
        TimeSpan from = _watch.Elapsed;
        while (_watch.Elapsed - from < atLeast || (!condition() && _watch.Elapsed - from < deadline))
        {
            await second.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            Read();
        }
    }

    public override string ToString() =>
        $"sockets {FirstSockets}, at most {MostSockets}; memory grew by {Growth} KiB, {LateGrowth} KiB of it in the second half; "
        + $"{LoggedPerSecond:0} bytes logged per second";
}
