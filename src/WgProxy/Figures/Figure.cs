namespace WgProxy.Figures;

/// <summary>What may be done with the values of a figure.</summary>
internal enum FigureKind
{
    /// <summary>It only grows while the process lives: its rate tells something.</summary>
    Counter,

    /// <summary>It is so at this moment.</summary>
    Gauge,

    /// <summary>It is so at this moment, and the values of its series add up to something.</summary>
    Sum,

    /// <summary>How often values of several sizes came, and their sum.</summary>
    Histogram,
}

/// <summary>One figure that the relay shows: a family of series, in the words of Prometheus; an instrument, in those of OpenTelemetry.</summary>
/// <param name="Name">Its name by OpenTelemetry's conventions.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Unit">Its unit in UCUM: s, By, or {thing} for what is counted; empty for a state.</param>
/// <param name="Labels">The keys of its labels, for the documentation; empty if it has none.</param>
/// <param name="Help">What it tells, in one line.</param>
/// <param name="Read">Adds its series, as a reading has them.</param>
internal sealed record Figure(string Name, FigureKind Kind, string Unit, string Labels, string Help, Action<Reading, SeriesSink> Read)
{
    private string? _prometheusName;

    /// <summary>Its name in Prometheus: made by the rules of OpenTelemetry's specification (dots become underscores, the unit and "total"
    /// are appended), unless Prometheus has a name of its own for the same thing.</summary>
    public string PrometheusName
    {
        get => _prometheusName ??= Translate();
        init => _prometheusName = value;
    }

    /// <summary>The type that Prometheus is told.</summary>
    public string PrometheusType => Kind switch
    {
        FigureKind.Counter => "counter",
        FigureKind.Histogram => "histogram",
        _ => "gauge",
    };

    /// <summary>The upper bounds of a histogram's buckets, without the last, which has none.</summary>
    public IReadOnlyList<double> Bounds { get; init; } = [];

    private string Translate()
    {
        string unit = Unit switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => string.Empty,
        };
        return Name.Replace('.', '_') + unit + (Kind == FigureKind.Counter ? "_total" : string.Empty);
    }
}
