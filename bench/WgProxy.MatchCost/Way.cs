using System.Diagnostics;
using System.Globalization;

namespace WgProxy.MatchCost;

/// <summary>One way to do the same, and how long it took in each round.</summary>
internal sealed class Way(string name, Func<byte[], int> match)
{
    private int _sum;

    /// <summary>What the result file calls it.</summary>
    public string Name => name;

    public Func<byte[], int> Match => match;

    public int Repeats { get; set; }

    public List<double> Nanoseconds { get; } = [];

    public double Median => Nanoseconds.Order().ElementAt(Nanoseconds.Count / 2);

    public string Cell => string.Create(CultureInfo.InvariantCulture, $"{Median:N0} ({Nanoseconds.Min():N0})");

    public double Time(byte[] message)
    {
        long from = Stopwatch.GetTimestamp();
        for (int i = 0; i < Repeats; i++)
        {
            _sum += match(message);
        }

        return Stopwatch.GetElapsedTime(from).TotalNanoseconds / Repeats;
    }
}
