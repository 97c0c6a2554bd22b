using System.Globalization;
using System.Text.RegularExpressions;

namespace WgProxy.Kernel.Tests.Stages;

/// <summary>Echoes through a tunnel at a fixed rate, by the guest's <c>ping</c>.</summary>
internal sealed class Pings
{
    private readonly KernelPeer _from;
    private readonly string _file;
    private readonly string _pid;

    private Pings(KernelPeer from, string file, string pid)
    {
        _from = from;
        _file = file;
        _pid = pid;
    }

    public static async Task<Pings> StartAsync(KernelPeer from, IPAddress to, double perSecond, string options = "")
    {
        string file = $"/tmp/pings-{from.Space}-{Guid.NewGuid():N}";
        string pid = await from.RunAsync(string.Create(CultureInfo.InvariantCulture,
            $"ping -n -D -i {1 / perSecond:0.####} {options} {to} >{file} 2>&1 & echo $!"));
        return new Pings(from, file, pid.Trim());
    }

    /// <summary>Ends the stream 1 s after its last echo was sent, and returns the account.</summary>
    public async Task<PingAccount> StopAsync()
    {
        // SIGINT makes it write its sums; a shell starts what is in the background deaf to it, and ping then sets its own handler.
        string output = await _from.RunAsync(
            $"""
            sleep 1
            end=$EPOCHREALTIME
            kill -INT {_pid}
            for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
                ! grep -q 'packets transmitted' {_file} || break
                sleep 0.2
            done
            cat {_file}
            rm {_file}
            echo "end $end"
            """);
        return PingAccount.Parse(output);
    }
}

/// <summary>What became of a stream of echoes.</summary>
/// <param name="Sent">How many were sent.</param>
/// <param name="Received">How many came back.</param>
/// <param name="Outage">The longest time without one, the end of the stream included.</param>
internal sealed partial record PingAccount(int Sent, int Received, TimeSpan Outage)
{
    public int Lost => Sent - Received;

    public static PingAccount Parse(string output)
    {
        double[] stamps = [.. Stamp().Matches(output).Select(match => double.Parse(match.Groups["at"].ValueSpan, CultureInfo.InvariantCulture))];
        Match sums = Sums().Match(output);
        double end = double.Parse(End().Match(output).Groups["at"].ValueSpan, CultureInfo.InvariantCulture);
        Assert.True(sums.Success && stamps.Length > 0, output);
        double longest = stamps.Skip(1).Append(end).Zip(stamps).Max(pair => pair.First - pair.Second);
        return new PingAccount(
            int.Parse(sums.Groups["sent"].ValueSpan, CultureInfo.InvariantCulture),
            int.Parse(sums.Groups["received"].ValueSpan, CultureInfo.InvariantCulture),
            TimeSpan.FromSeconds(longest));
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Received} of {Sent} echoes, longest silence {Outage.TotalSeconds:0.0} s");

    [GeneratedRegex(@"^\[(?<at>\d+\.\d+)\] \d+ bytes from", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Stamp();

    [GeneratedRegex(@"(?<sent>\d+) packets transmitted, (?<received>\d+) received", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Sums();

    [GeneratedRegex(@"^end (?<at>\d+\.\d+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex End();
}
