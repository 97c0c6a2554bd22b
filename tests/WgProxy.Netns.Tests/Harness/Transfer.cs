using System.Globalization;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>TCP through a tunnel by <c>iperf3</c>, at a limited rate or as fast as it goes.</summary>
internal sealed class Transfer
{
    // What iperf3 writes at once where it keeps to a rate. With its default, 128 KiB, each write is a burst as long as what
    // the socket buffers of wireguard-go hold.
    private const string Block = "8K";

    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(15);
    private readonly Child _sender;
    private readonly int _seconds;
    private readonly int _flows;

    private Transfer(Child sender, int seconds, int flows) => (_sender, _seconds, _flows) = (sender, seconds, flows);

    /// <summary>Starts a transfer from one interface to the other; <paramref name="reverse"/> is the other way, still
    /// asked for by the first. A rate of 0 is no limit. Without a name of a way to avoid congestion, both ends use the host's.</summary>
    public static async Task<Transfer> StartAsync(
        Topology topology, WireGuardInterface from, WireGuardInterface to, int seconds, bool reverse = false, int megabits = 0, int flows = 1, string? congestion = null)
    {
        Child listener = topology.Own(to.Host.Space.Start("iperf3 server", "iperf3", ["-s", "-1", "-B", to.Inner.ToString(), "--forceflush"]));
        await listener.LineAsync(line => line.Contains("Server listening", StringComparison.Ordinal), "listening");
        string[] arguments = ["-c", to.Inner.ToString(), "-t", $"{seconds}", "-b", $"{megabits}M", "-P", $"{flows}", "-f", "m", "-i", "1", "--forceflush"];
        arguments = megabits > 0 ? [.. arguments, "-l", Block] : arguments;
        arguments = congestion is null ? arguments : [.. arguments, "-C", congestion];
        Child sender = topology.Own(from.Host.Space.Start("iperf3 client", "iperf3", reverse ? [.. arguments, "-R"] : arguments));
        return new Transfer(sender, seconds, flows);
    }

    /// <summary>Awaits the end and tells the receiver's Mbit/s, and those of the slowest whole second.</summary>
    public async Task<(double Megabits, double Slowest)> EndAsync()
    {
        int code = await _sender.ExitAsync(TimeSpan.FromSeconds(_seconds) + Slack);
        Assert.True(code == 0, _sender.Tail());
        string sum = await _sender.LineAsync(
            line => line.EndsWith("receiver", StringComparison.Ordinal) && (_flows == 1 || line.StartsWith("[SUM]", StringComparison.Ordinal)), "sum of the receiver");
        IEnumerable<double> seconds = _sender.Lines
            .TakeWhile(line => !line.Contains("- - -", StringComparison.Ordinal))
            .Where(line => line.Contains(" Mbits/sec", StringComparison.Ordinal))
            .Select(Megabits);
        return (Megabits(sum), seconds.Min());
    }

    private static double Megabits(string line)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return double.Parse(words[Array.IndexOf(words, "Mbits/sec") - 1], CultureInfo.InvariantCulture);
    }
}
