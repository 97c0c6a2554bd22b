namespace WgProxy.Configuration;

/// <summary>Guesses what a mistyped name was meant to be.</summary>
internal static class Spelling
{
    private const int MostEdits = 2;

    /// <summary>The known name nearest to a mistyped one; null if none is near, or if it was typed right.</summary>
    public static string? Nearest(string typed, IEnumerable<string> known) =>
        known.Where(name => !string.Equals(name, typed, StringComparison.Ordinal))
            .Select(name => (Name: name, Edits: Distance(typed, name)))
            .Where(guess => guess.Edits <= MostEdits)
            .OrderBy(guess => guess.Edits)
            .Select(guess => guess.Name)
            .FirstOrDefault();

    /// <summary>How many letters must be inserted, removed or replaced, regardless of case.</summary>
    public static int Distance(string left, string right)
    {
        // The lengths alone bound the distance, so a long text costs nothing.
        if (Math.Abs(left.Length - right.Length) > MostEdits)
        {
            return int.MaxValue;
        }

        int[] above = [.. Enumerable.Range(0, right.Length + 1)];
        for (int row = 1; row <= left.Length; row++)
        {
            int[] current = new int[right.Length + 1];
            current[0] = row;
            for (int column = 1; column <= right.Length; column++)
            {
                bool same = char.ToUpperInvariant(left[row - 1]) == char.ToUpperInvariant(right[column - 1]);
                int replaced = above[column - 1] + (same ? 0 : 1);
                current[column] = Math.Min(replaced, 1 + Math.Min(above[column], current[column - 1]));
            }

            above = current;
        }

        return above[^1];
    }
}
