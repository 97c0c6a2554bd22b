using WgProxy.Configuration;
using WgProxy.Core.Routes;

namespace WgProxy.Tests;

/// <summary>How much data may pass, as a file says it.</summary>
public sealed class RateKeysTests
{
    [Theory]
    [InlineData("Rate = 50mbit", 6_250_000, 6_250_000, 0, 0)]
    [InlineData("Rate = 50mbit\nRateUp = 8kbit", 1_000, 6_250_000, 0, 0)]
    [InlineData("RateDown = 2.5 Mbit", 0, 312_500, 0, 0)]
    [InlineData("Rate = 1gbit\nRateDown = unlimited", 125_000_000, 0, 0, 0)]
    [InlineData("TunnelRate = 400gbit", 0, 0, 50_000_000_000, 50_000_000_000)]
    [InlineData("TunnelRateUp = 8000bit\nTunnelRateDown = 16kbit", 0, 0, 1_000, 2_000)]
    [InlineData("", 0, 0, 0, 0)]
    public void A_rate_is_in_bits_a_second_and_one_way_goes_before_both(string lines, long up, long down, long tunnelUp, long tunnelDown)
    {
        RelayFile file = Read(lines);
        Assert.Empty(file.Faults.Kept);
        RouteSettings settings = Assert.Single(file.Servers).Settings;
        Assert.Equal((new Rate(up, down), new Rate(tunnelUp, tunnelDown)), (settings.Rate, settings.TunnelRate));
    }

    [Theory]
    [InlineData("")]
    [InlineData("50")]
    [InlineData("50mbps")]
    [InlineData("-1mbit")]
    [InlineData("7kbit")]
    [InlineData("401gbit")]
    [InlineData("1e9mbit")]
    [InlineData("mbit")]
    [InlineData("99999999999999999999999999999gbit")]
    [InlineData("1,5mbit")]
    public void What_is_no_rate_is_refused_by_line_and_example(string text)
    {
        string fault = Assert.Single(Read($"Rate = {text}").Faults.Kept).ToString();
        Assert.Contains("Rate ", fault, StringComparison.Ordinal);
        Assert.Contains("4", fault, StringComparison.Ordinal);
        Assert.Contains("50mbit", fault, StringComparison.Ordinal);
    }

    private static RelayFile Read(string lines) => RelayFile.Parse("x", $"[Server]\nPublicKey = {Keys.TextOf(1)}\nEndpoint = 192.0.2.1:51820\n{lines}\n");
}
