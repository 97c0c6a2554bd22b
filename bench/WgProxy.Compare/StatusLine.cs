using System.Globalization;
using System.Text.RegularExpressions;

namespace WgProxy.Compare;

/// <summary>What a relay of ours says it has dropped on the uplink, cookie replies included.</summary>
internal sealed partial record StatusLine(long Dropped)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Asks it by SIGUSR1.</summary>
    /// <exception cref="TimeoutException">It said nothing.</exception>
    public static StatusLine Ask(Child relay)
    {
        int heard = relay.Complained;
        Shell.Run(["sh", "-c", $"kill -USR1 {relay.Id}"]);
        return Parse(relay.HearComplaint(heard, " status: ", Patience));
    }

    private static StatusLine Parse(string line) => Uplink().Match(line) is { Success: true } match
        ? new StatusLine(Counts().Matches(match.Groups["list"].Value)
            .Sum(count => long.Parse(count.Groups["count"].Value, CultureInfo.InvariantCulture)))
        : throw new InvalidOperationException($"no uplink in {line}");

    // …; uplink 5 datagrams 700 bytes, dropped BadMac1 2, NoMapping 1; downlink …
    [GeneratedRegex("uplink [0-9]+ datagrams [0-9]+ bytes, dropped (?<list>[^;]*);", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Uplink();

    [GeneratedRegex("[A-Z]\\w* (?<count>[0-9]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Counts();
}
