namespace WgProxy.Diagnosis;

/// <summary>Numbers of ports as doctor writes them.</summary>
internal static class Ports
{
    /// <summary>Each port once, in order, and neighbours as a range: <c>443, 4500-4510</c>.</summary>
    public static string TextOf(IEnumerable<int> ports, string between = ", ")
    {
        List<(int First, int Last)> ranges = [];
        foreach (int port in ports.Distinct().Order())
        {
            if (ranges.Count > 0 && ranges[^1].Last == port - 1)
            {
                ranges[^1] = (ranges[^1].First, port);
            }
            else
            {
                ranges.Add((port, port));
            }
        }

        return string.Join(between, ranges.Select(range => range.First == range.Last ? $"{range.First}" : $"{range.First}-{range.Last}"));
    }
}
