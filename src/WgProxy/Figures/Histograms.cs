namespace WgProxy.Figures;

/// <summary>Makes histograms of what Core counts by time.</summary>
internal static class Histograms
{
    /// <summary>Bounds of answer times, in seconds.</summary>
    public static IReadOnlyList<double> AnswerBounds { get; } = [.. AnswerTimes.Bounds.ToArray().Select(milliseconds => milliseconds / 1000.0)];

    /// <summary>Adds answer times.</summary>
    public static void Add(SeriesSink sink, AnswerTimes times, params ReadOnlySpan<Label> labels)
    {
        Span<Bucket> buckets = stackalloc Bucket[AnswerTimes.Entries];
        long sum = 0;
        for (int entry = 0; entry < buckets.Length; entry++)
        {
            buckets[entry] = new Bucket(times[entry], times.Sum(entry) / 1000.0);
            sum += times.Sum(entry);
        }

        sink.Add(buckets, sum / 1000.0, labels);
    }
}
