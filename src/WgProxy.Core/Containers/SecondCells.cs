namespace WgProxy.Core.Containers;

/// <summary>
/// How often something happened in this second, for many things at once: a cell for each, chosen by a keyed hash. Of fixed size, and nothing makes room for another: a flood
/// from ever new addresses makes it forget no count, as a cache would. Things that share a cell share what it allows.
/// </summary>
/// <param name="cells">How many cells: a power of two.</param>
internal sealed class SecondCells(int cells)
{
    // Above the second, below the count. A cell that is looked at again after exactly 2^16 seconds may refuse what it refused then.
    private readonly uint[] _cells = new uint[cells];

    /// <summary>Counts one more, unless there have been so many in this second.</summary>
    /// <param name="hash">What it is, by a keyed hash.</param>
    /// <param name="most">How many there may be: less than 2^16.</param>
    /// <param name="now">The instant.</param>
    public bool TryTake(ulong hash, int most, Tick now)
    {
        ref uint cell = ref _cells[hash & (uint)(_cells.Length - 1)];
        uint second = (uint)(now.Milliseconds / 1_000) & 0xFFFF;
        uint count = cell >> 16 == second ? cell & 0xFFFF : 0;
        if (count >= most)
        {
            return false;
        }

        cell = (second << 16) | (count + 1);
        return true;
    }
}
