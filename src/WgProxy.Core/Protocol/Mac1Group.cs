namespace WgProxy.Core.Protocol;

/// <summary>
/// How sixteen keys lie in memory, so that vectors of any width read words of neighbouring keys side by side. A group is nine
/// rows of sixteen words. Row 0 to 7 hold the words of the keys' states, the key's block already compressed. The last row is
/// zero for a key and <see cref="Vacant"/> where there is none, so that nothing matches there.
/// </summary>
internal static class Mac1Group
{
    /// <summary>Keys in a group, and words in a row: what the widest vector holds.</summary>
    public const int Keys = 16;

    /// <summary>The row that says where there is no key.</summary>
    public const int VacancyRow = Blake2s.StateWords;

    /// <summary>Words in a group.</summary>
    public const int Words = (VacancyRow + 1) * Keys;

    /// <summary>What stands in <see cref="VacancyRow"/> where there is no key.</summary>
    public const uint Vacant = uint.MaxValue;

    /// <summary>How many groups hold so many keys.</summary>
    public static int CountFor(int keys) => (keys + Keys - 1) / Keys;

    /// <summary>Where in the groups a word of a key lies.</summary>
    internal static int IndexOf(int key, int row) => (key / Keys * Words) + (row * Keys) + (key % Keys);
}
