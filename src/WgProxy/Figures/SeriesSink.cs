namespace WgProxy.Figures;

/// <summary>Where the series of a figure go: a page of text, or the instruments of a meter.</summary>
internal abstract class SeriesSink
{
    /// <summary>Whether there is no room for series of further servers and peers: what is left of them is to be added up.</summary>
    public virtual bool IsFull => false;

    /// <summary>Adds a series with a whole number.</summary>
    public abstract void Add(long value, params ReadOnlySpan<Label> labels);

    /// <summary>Adds a series with any number.</summary>
    public abstract void Add(double value, params ReadOnlySpan<Label> labels);

    /// <summary>Adds a histogram.</summary>
    /// <param name="buckets">What each bucket counted, one for each bound and one for what is above all of them.</param>
    /// <param name="sum">The sum of all values.</param>
    /// <param name="labels">Its labels.</param>
    public abstract void Add(ReadOnlySpan<Bucket> buckets, double sum, params ReadOnlySpan<Label> labels);
}

/// <summary>One bucket of a histogram.</summary>
/// <param name="Count">How many values fell into it, and into no smaller one.</param>
/// <param name="Sum">The sum of those.</param>
internal readonly record struct Bucket(long Count, double Sum);
