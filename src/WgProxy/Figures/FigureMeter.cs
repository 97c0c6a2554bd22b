using System.Diagnostics.Metrics;

namespace WgProxy.Figures;

/// <summary>
/// The figures as instruments of <c>System.Diagnostics.Metrics</c>, for whatever collects those. All instruments of one collection say what
/// one reading says: the first that is asked makes it, and the others use it.
/// </summary>
internal sealed class FigureMeter : IDisposable
{
    /// <summary>The name of the meter.</summary>
    public const string Name = "wgproxy";

    // Longer than a collection takes, and shorter than any interval between two.
    private static readonly TimeSpan Freshness = TimeSpan.FromMilliseconds(500);

    private readonly Meter _meter;
    private readonly FigureReader _reader;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, MeasuredSeries> _series = new(StringComparer.Ordinal);
    private long? _readAt;

    /// <summary>Instruments for all figures.</summary>
    public FigureMeter(FigureReader reader, string version, TimeProvider time)
    {
        (_reader, _time) = (reader, time);
        _meter = new Meter(new MeterOptions(Name) { Version = version });
        foreach (Figure figure in FigureTable.All)
        {
            MeasuredSeries series = _series[figure.Name] = new MeasuredSeries(figure);
            switch (figure.Kind)
            {
                case FigureKind.Counter:
                    _ = _meter.CreateObservableCounter(figure.Name, () => Observe(series), figure.Unit, figure.Help);
                    break;
                case FigureKind.Gauge:
                    _ = _meter.CreateObservableGauge(figure.Name, () => Observe(series), figure.Unit, figure.Help);
                    break;
                case FigureKind.Sum:
                    _ = _meter.CreateObservableUpDownCounter(figure.Name, () => Observe(series), figure.Unit, figure.Help);
                    break;
                default:
                    series.Histogram = _meter.CreateHistogram(
                        figure.Name, figure.Unit, figure.Help, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = figure.Bounds });
                    break;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private List<Measurement<double>> Observe(MeasuredSeries series)
    {
        lock (_lock)
        {
            if (_readAt is not long at || _time.GetElapsedTime(at) > Freshness)
            {
                // A collection is synchronous, and waits here. It runs on a thread of its own, never on one that moves datagrams.
                _ = _reader.TryUseAsync(ReadAll, CancellationToken.None).GetAwaiter().GetResult();
                _readAt = _time.GetTimestamp();
            }

            return series.Measurements;
        }
    }

    private void ReadAll(Reading reading)
    {
        foreach (Figure figure in FigureTable.All)
        {
            MeasuredSeries series = _series[figure.Name];
            series.Measurements = [];
            figure.Read(reading, series);
        }
    }

    private sealed class MeasuredSeries(Figure figure) : SeriesSink
    {
        // What each histogram had counted when it was last recorded, by its labels.
        private readonly Dictionary<string, Bucket[]> _recorded = new(StringComparer.Ordinal);

        public List<Measurement<double>> Measurements { get; set; } = [];

        public Histogram<double>? Histogram { get; set; }

        public override void Add(long value, params ReadOnlySpan<Label> labels) => Measurements.Add(new Measurement<double>(value, TagsOf(labels)));

        public override void Add(double value, params ReadOnlySpan<Label> labels) => Measurements.Add(new Measurement<double>(value, TagsOf(labels)));

        /// <summary>There is no histogram that can be observed. What a bucket has counted since it was last read is recorded as so many times its
        /// mean: buckets, count and sum are then what they are here. It happens a few times a second at most, because handshakes are rare.</summary>
        public override void Add(ReadOnlySpan<Bucket> buckets, double sum, params ReadOnlySpan<Label> labels)
        {
            KeyValuePair<string, object?>[] tags = TagsOf(labels);
            string key = string.Join('\n', tags.Select(tag => tag.Value));
            if (!_recorded.TryGetValue(key, out Bucket[]? before))
            {
                before = _recorded[key] = new Bucket[figure.Bounds.Count + 1];
            }

            for (int i = 0; i < buckets.Length; i++)
            {
                long count = buckets[i].Count - before[i].Count;
                double mean = count > 0 ? (buckets[i].Sum - before[i].Sum) / count : 0;
                for (long n = 0; n < count; n++)
                {
                    Histogram!.Record(mean, tags);
                }

                before[i] = buckets[i];
            }
        }

        private static KeyValuePair<string, object?>[] TagsOf(ReadOnlySpan<Label> labels)
        {
            KeyValuePair<string, object?>[] tags = new KeyValuePair<string, object?>[labels.Length];
            for (int i = 0; i < tags.Length; i++)
            {
                tags[i] = new KeyValuePair<string, object?>(labels[i].Key, labels[i].Value);
            }

            return tags;
        }
    }
}
