namespace WgProxy.Core.Vocabulary;

/// <summary>A monotonic instant in milliseconds from an arbitrary start. Engines read the clock; Core only compares.</summary>
/// <param name="Milliseconds">Milliseconds since the engine's own zero. Never wall-clock time.</param>
public readonly record struct Tick(long Milliseconds) : IComparable<Tick>
{
    /// <summary>An instant that is never reached: it stands for "no deadline".</summary>
    public static Tick Never => new(long.MaxValue);

    /// <summary>The instant <paramref name="span"/> after <paramref name="tick"/>.</summary>
    public static Tick operator +(Tick tick, TimeSpan span) => new(tick.Milliseconds + (long)span.TotalMilliseconds);

    /// <summary>The instant <paramref name="milliseconds"/> after <paramref name="tick"/>.</summary>
    public static Tick operator +(Tick tick, long milliseconds) => new(tick.Milliseconds + milliseconds);

    /// <summary>Milliseconds from <paramref name="earlier"/> to <paramref name="later"/>.</summary>
    public static long operator -(Tick later, Tick earlier) => later.Milliseconds - earlier.Milliseconds;

    /// <summary>Whether the left instant comes first.</summary>
    public static bool operator <(Tick left, Tick right) => left.Milliseconds < right.Milliseconds;

    /// <summary>Whether the left instant comes last.</summary>
    public static bool operator >(Tick left, Tick right) => left.Milliseconds > right.Milliseconds;

    /// <summary>Whether the left instant does not come last.</summary>
    public static bool operator <=(Tick left, Tick right) => left.Milliseconds <= right.Milliseconds;

    /// <summary>Whether the left instant does not come first.</summary>
    public static bool operator >=(Tick left, Tick right) => left.Milliseconds >= right.Milliseconds;

    /// <summary>The later of two instants.</summary>
    public static Tick Max(Tick left, Tick right) => left > right ? left : right;

    /// <summary>The earlier of two instants.</summary>
    public static Tick Min(Tick left, Tick right) => left < right ? left : right;

    /// <inheritdoc/>
    public int CompareTo(Tick other) => Milliseconds.CompareTo(other.Milliseconds);
}
