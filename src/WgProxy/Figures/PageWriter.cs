using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using WgProxy.Hosting;

namespace WgProxy.Figures;

/// <summary>Writes figures as Prometheus reads them: its text format, version 0.0.4. The bytes lie in blocks that are lent, and given back by
/// <see cref="Dispose"/>, so that a page of megabytes every second leaves the collector nothing to do.</summary>
internal sealed class PageWriter : SeriesSink, IDisposable
{
    /// <summary>The media type of the page.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>How long a page may become before further servers and peers are added up.</summary>
    public const int FullAt = 4_800_000;

    private static readonly SearchValues<char> Escaped = SearchValues.Create("\\\"\n");

    private readonly int _fullAt;
    private readonly AnswerBytes _bytes = new();
    private Figure? _figure;
    private bool _isDisposed;

    /// <summary>An empty page.</summary>
    /// <param name="fullAt">How long it may become before further servers and peers are added up.</param>
    public PageWriter(int fullAt = FullAt) => _fullAt = fullAt;

    /// <summary>Called once the bytes are given back.</summary>
    public Action? Disposed { get; init; }

    /// <summary>The page, until <see cref="Dispose"/>.</summary>
    public AnswerBytes Bytes => _bytes;

    /// <inheritdoc/>
    public override bool IsFull => _bytes.Length >= _fullAt;

    /// <summary>Writes all figures of a reading.</summary>
    public void Write(Reading reading)
    {
        foreach (Figure figure in FigureTable.All)
        {
            _figure = figure;
            Put("# HELP ");
            Put(figure.PrometheusName);
            Put(" ");
            Put(figure.Help);
            Put("\n# TYPE ");
            Put(figure.PrometheusName);
            Put(" ");
            Put(figure.PrometheusType);
            Put("\n");
            figure.Read(reading, this);
        }
    }

    /// <inheritdoc/>
    public override void Add(long value, params ReadOnlySpan<Label> labels)
    {
        Put(_figure!.PrometheusName);
        PutLabels(labels, bound: null);
        PutValue(value);
    }

    /// <inheritdoc/>
    public override void Add(double value, params ReadOnlySpan<Label> labels)
    {
        Put(_figure!.PrometheusName);
        PutLabels(labels, bound: null);
        PutValue(value);
    }

    /// <inheritdoc/>
    public override void Add(ReadOnlySpan<Bucket> buckets, double sum, params ReadOnlySpan<Label> labels)
    {
        long count = 0;
        for (int i = 0; i < buckets.Length; i++)
        {
            count += buckets[i].Count;
            Put(_figure!.PrometheusName);
            Put("_bucket");
            PutLabels(labels, i < _figure.Bounds.Count ? _figure.Bounds[i] : double.PositiveInfinity);
            PutValue(count);
        }

        Put(_figure!.PrometheusName);
        Put("_sum");
        PutLabels(labels, bound: null);
        PutValue(sum);
        Put(_figure.PrometheusName);
        Put("_count");
        PutLabels(labels, bound: null);
        PutValue(count);
    }

    /// <summary>Gives the bytes back.</summary>
    public void Dispose()
    {
        _bytes.Dispose();
        if (!_isDisposed)
        {
            _isDisposed = true;
            Disposed?.Invoke();
        }
    }

    private void PutLabels(ReadOnlySpan<Label> labels, double? bound)
    {
        bool first = true;
        foreach (Label label in labels)
        {
            Put(first ? "{" : ",");
            Put(label.Key);
            Put("=\"");
            PutEscaped(label.Value);
            Put("\"");
            first = false;
        }

        if (bound is double le)
        {
            Put(first ? "{le=\"" : ",le=\"");
            PutNumber(le);
            Put("\"");
            first = false;
        }

        Put(first ? " " : "} ");
    }

    private void PutEscaped(ReadOnlySpan<char> text)
    {
        while (text.IndexOfAny(Escaped) is >= 0 and int at)
        {
            Put(text[..at]);
            Put(text[at] switch { '\n' => "\\n", '"' => "\\\"", _ => "\\\\" });
            text = text[(at + 1)..];
        }

        Put(text);
    }

    private void PutValue(long value)
    {
        _ = Utf8Formatter.TryFormat(value, _bytes.GetSpan(24), out int written);
        _bytes.Advance(written);
        Put("\n");
    }

    private void PutValue(double value)
    {
        PutNumber(value);
        Put("\n");
    }

    private void PutNumber(double value)
    {
        if (double.IsPositiveInfinity(value))
        {
            Put("+Inf");
            return;
        }

        _ = value.TryFormat(_bytes.GetSpan(32), out int written, default, CultureInfo.InvariantCulture);
        _bytes.Advance(written);
    }

    private void Put(ReadOnlySpan<char> text) => _bytes.Advance(Encoding.UTF8.GetBytes(text, _bytes.GetSpan(3 * text.Length)));
}
