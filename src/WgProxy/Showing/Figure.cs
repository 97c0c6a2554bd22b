using System.Globalization;

namespace WgProxy.Showing;

/// <summary>Figures as <c>wg show</c> writes them.</summary>
internal static class Figure
{
    private static readonly string[] Sizes = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    private static readonly string[] Rates = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"];
    private static readonly (string Unit, long Seconds)[] Units = [("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];

    /// <summary>A number of bytes: 12 B, 1.20 MiB.</summary>
    public static string Bytes(long bytes) => Scaled(bytes, 1024, Sizes);

    /// <summary>A rate: 0 bit/s, 1.20 Mbit/s.</summary>
    /// <param name="bytesPerSecond">In bytes.</param>
    public static string Rate(double bytesPerSecond) => Scaled(bytesPerSecond * 8, 1000, Rates);

    /// <summary>A time in the two largest units that it has: 1 hour, 4 minutes.</summary>
    public static string Span(double seconds)
    {
        long rest = (long)Math.Max(0, seconds);
        List<string> parts = [];
        foreach ((string unit, long length) in Units)
        {
            long number = rest / length;
            rest %= length;
            if (number > 0 && parts.Count < 2)
            {
                parts.Add(number == 1 ? $"1 {unit}" : $"{number} {unit}s");
            }
            else if (parts.Count > 0)
            {
                break;
            }
        }

        return parts.Count == 0 ? "0 seconds" : string.Join(", ", parts);
    }

    /// <summary>How long ago something was: 4 seconds ago, now, never.</summary>
    public static string Ago(double? seconds) => seconds switch
    {
        null => "never",
        < 1 => "now",
        _ => $"{Span(seconds.Value)} ago",
    };

    /// <summary>A number with its word: 1 server, 2 servers.</summary>
    public static string Count(long number, string what) => number == 1 ? $"1 {what}" : $"{number} {what}s";

    private static string Scaled(double number, int step, string[] units)
    {
        int unit = 0;
        while (number >= step && unit < units.Length - 1)
        {
            number /= step;
            unit++;
        }

        return unit == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{number:0} {units[0]}")
            : string.Create(CultureInfo.InvariantCulture, $"{number:0.00} {units[unit]}");
    }
}
