using System.Diagnostics.Metrics;
using WgProxy.Figures;

namespace WgProxy.Tests.FigurePages;

/// <summary>The same figures as instruments.</summary>
public sealed class FigureMeterTests
{
    [Fact]
    public async Task Instruments_say_what_the_page_says_by_one_query_for_each_collection()
    {
        using MadeUp relay = new(("home", ["phone"]), ("office", []));
        relay.All.Count(Direction.Uplink, Verdict.BadMac1, 3, 444);
        relay.All.Answers.Count(5);
        relay.All.Answers.Count(30);
        relay.All.Answers.Count(40);
        relay.Of(1).Answers.Count(30);
        FakeTime time = new();
        using FigureMeter meter = new(relay.Reader, "1.2.3", time);
        Dictionary<(string, string), double> collected = [];
        Dictionary<string, List<double>> recorded = new(StringComparer.Ordinal);
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, all) =>
            {
                if (instrument.Meter.Name is FigureMeter.Name)
                {
                    all.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
        {
            string labels = string.Join(',', tags.ToArray().Select(tag => $"{tag.Key}=\"{tag.Value}\""));
            if (instrument is Histogram<double>)
            {
                (recorded.TryGetValue(labels, out List<double>? values) ? values : recorded[labels] = []).Add(value);
            }
            else
            {
                collected[(FigureTable.All.Single(figure => figure.Name.Equals(instrument.Name, StringComparison.Ordinal)).PrometheusName, labels)] = value;
            }
        });
        listener.Start();
        listener.RecordObservableInstruments();
        Assert.Equal(1, relay.Queries);
        PromText page = new(await relay.PageAsync());
        Assert.Equal(
            page.Series.Keys.Where(series => !series.Name.Contains("duration", StringComparison.Ordinal)).Order(),
            collected.Keys.Order());
        Assert.All(
            collected.Where(series => !series.Key.Item1.StartsWith("dotnet_", StringComparison.Ordinal) && !series.Key.Item1.StartsWith("process_", StringComparison.Ordinal) && !series.Key.Item1.Contains("timestamp", StringComparison.Ordinal)),
            series => Assert.Equal(page.Series[series.Key], series.Value));

        // Each answer is recorded once, in its bucket, and the sum is right.
        Assert.Equal([0.005, 0.035, 0.035], recorded[""].Order());
        Assert.Equal([0.03], recorded["server=\"office\""]);
        relay.All.Answers.Count(7_000);
        time.Advance(TimeSpan.FromSeconds(1));
        listener.RecordObservableInstruments();
        Assert.Equal([0.005, 0.035, 0.035, 7], recorded[""].Order());
    }
}
