using System.Diagnostics;

namespace WgProxy.Load;

/// <summary>Every sample is kept, so that percentiles are exact.</summary>
internal sealed class Percentiles
{
    private readonly List<long> _samples = new(1 << 17);

    /// <summary>Adds a duration in ticks of <see cref="Stopwatch"/>.</summary>
    public void Add(long ticks) => _samples.Add(ticks);

    public void Clear() => _samples.Clear();

    public void Sort() => _samples.Sort();

    /// <summary>The sample below which this share lies, in microseconds; 0 if there is none. Sort first.</summary>
    public double At(double share) => _samples.Count == 0
        ? 0
        : _samples[Math.Min(_samples.Count - 1, (int)(share * _samples.Count))] * 1e6 / Stopwatch.Frequency;
}
