using System.Globalization;

namespace WgProxy.Kernel.Tests.Stages;

/// <summary>Transfers through a tunnel by the guest's <c>iperf3</c>, both ways at the same time.</summary>
internal static class Iperf
{
    /// <summary>Tells the Mbit/s that arrived, of both ways the less.</summary>
    public static async Task<double> BothWaysAsync(Stage stage, AddressFamily inside, string options)
    {
        IPAddress to = stage.Server.Inner(inside);
        string pidFile = $"/tmp/iperf-{stage.Server.Space}";
        await stage.Server.RunAsync($"iperf3 -s -D -1 -B {to} -I {pidFile} && while ! [ -s {pidFile} ]; do sleep 0.1; done");
        string output = await stage.Client.RunAsync($"iperf3 -c {to} --bidir -f m {options} --connect-timeout 10000");
        double[] rates =
        [
            .. output.Split('\n')
                .Where(line => line.TrimEnd().EndsWith("receiver", StringComparison.Ordinal))
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Select(words => double.Parse(words[Array.IndexOf(words, "Mbits/sec") - 1], CultureInfo.InvariantCulture)),
        ];
        Assert.True(rates.Length == 2, output);
        return rates.Min();
    }
}
