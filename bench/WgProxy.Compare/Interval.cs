namespace WgProxy.Compare;

/// <summary>Between which of the values the true median lies, by rank alone: nothing is assumed of how they are spread.</summary>
internal static class Interval
{
    // On each side: together 5 %.
    private const double Doubt = 0.025;

    /// <summary>How many of the lowest, and of the highest, lie outside the 95 % interval of the median. 0 for five values and fewer,
    /// of which lowest and highest hold it less surely (fifteen times of sixteen for five).</summary>
    public static int Outside(int count)
    {
        // Each value lies above the median or below it, as a coin falls: the median is below all but the k lowest as often as at
        // most k of as many throws show heads.
        double chance = Math.Pow(0.5, count);
        double sum = chance;
        int outside = 0;
        for (int heads = 1; heads <= count / 2; heads++)
        {
            chance *= (count - heads + 1) / (double)heads;
            sum += chance;
            if (sum > Doubt)
            {
                break;
            }

            outside = heads;
        }

        return outside;
    }
}
