using System.Text;
using WgProxy.Figures;

namespace WgProxy.Tests.FigurePages;

/// <summary>docs/metrics.md lists every figure.</summary>
public sealed class FigureDocsTests
{
    [Fact]
    public void Every_figure_is_documented()
    {
        StringBuilder table = new("| series | type | labels | what it tells |\n| --- | --- | --- | --- |\n");
        foreach (Figure figure in FigureTable.All)
        {
            string labels = string.Join(", ", figure.Labels.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(label => $"`{label}`"));
            _ = table.Append($"| `{figure.PrometheusName}` | {figure.PrometheusType} | {labels} | {figure.Help} |\n");
        }

        Repository.AssertBlock("docs/metrics.md", "figures", table.ToString());
    }

    [Fact]
    public async Task Labels_are_those_that_are_documented()
    {
        using MadeUp relay = new(("home", ["phone"]));
        PromText page = new(await relay.PageAsync());

        // Without a fleet, its figures have no series.
        foreach (Figure figure in FigureTable.All.Except(FleetSeries.All))
        {
            string name = figure.PrometheusName + (figure.Kind == FigureKind.Histogram ? "_count" : "");
            Assert.Equal(figure.Labels, string.Join(", ", page.Of(name).First().Labels.Keys));
        }
    }

    [Theory]
    [InlineData("wgproxy.datagrams", "{datagram}", 0, "wgproxy_datagrams_total")]
    [InlineData("wgproxy.io", "By", 0, "wgproxy_io_bytes_total")]
    [InlineData("wgproxy.mappings", "{mapping}", 2, "wgproxy_mappings")]
    [InlineData("wgproxy.worker.turn.longest", "s", 1, "wgproxy_worker_turn_longest_seconds")]
    public void Names_are_translated_as_OpenTelemetry_specifies(string name, string unit, int kind, string expected) =>
        Assert.Equal(expected, new Figure(name, (FigureKind)kind, unit, "", "", (_, _) => { }).PrometheusName);
}
