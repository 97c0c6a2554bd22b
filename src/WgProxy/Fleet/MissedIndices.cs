namespace WgProxy.Fleet;

/// <summary>Indices that the store did not have a moment ago: they are not asked for again at once. Each has one place, which another index may take. Any thread may look and add.
/// </summary>
internal sealed class MissedIndices
{
    /// <summary>For how many milliseconds a miss is believed: as long as a record may be on its way to the store. Each owner of a relay waits longer by itself before it seeks an
    /// index again, so that this only spares a second look for another owner.</summary>
    public const long Believed = 50;

    private const int Places = 4_096;

    // An index, and the lower half of the instant at which it was missed, as one word: it is read and written whole.
    private readonly ulong[] _places = new ulong[Places];

    /// <summary>The index was missed.</summary>
    public void Add(uint index, long now) => Volatile.Write(ref _places[index % Places], ((ulong)index << 32) | (uint)now);

    /// <summary>Whether it was missed a moment ago.</summary>
    public bool Has(uint index, long now)
    {
        ulong place = Volatile.Read(ref _places[index % Places]);
        return place != 0 && (uint)(place >> 32) == index && (uint)now - (uint)place < Believed;
    }
}
