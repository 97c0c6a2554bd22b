using WgProxy.Core.Containers;
using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Core.Tunnels;

/// <summary>
/// The indices that were sought in the directory of late, and those that wait to be taken there. An index is not sought again while an answer may be under way, nor soon after
/// there was none: first after 64 ms, for its record may have been on its way to the store, then each time after twice as long, and at last each second. Of fixed size: four
/// ways for each hash, of which the oldest makes room. Forgetting one early costs one more look.
/// </summary>
internal sealed class SoughtIndices((ulong K0, ulong K1) seed)
{
    private const int Ways = 4;
    private const int MostTries = 16;

    private readonly Entry[] _entries = new Entry[RememberedSought];
    private readonly uint[] _waiting = new uint[SoughtWaiting];
    private int _first;
    private int _count;

    /// <summary>Whether some wait to be taken.</summary>
    public bool Any => _count > 0;

    /// <summary>Whether there is room for one more to wait, and the index was not sought just now.</summary>
    public bool MaySeek(uint index, Tick now) =>
        _count < _waiting.Length && (Find(index) is not (>= 0 and int at) || now - _entries[at].At >= PauseAfter(_entries[at].Tries));

    /// <summary>Whether an answer about the index is expected yet.</summary>
    public bool IsAwaited(uint index, Tick now) => Find(index) is >= 0 and int at && now - _entries[at].At <= SoughtLongest;

    /// <summary>The index is sought: it waits to be taken.</summary>
    public void Add(uint index, Tick now)
    {
        _waiting[(_first + _count++) % _waiting.Length] = index;
        int at = Find(index);
        int tries = at < 0 || now - _entries[at].At > SoughtForgotten ? 0 : _entries[at].Tries;
        at = at < 0 ? OldestFor(index) : at;
        _entries[at] = new Entry { Index = index, Tries = Math.Min(tries + 1, MostTries), At = now };
    }

    /// <summary>Takes an index that waits.</summary>
    public bool TryTake(out uint index)
    {
        index = _waiting[_first];
        if (_count == 0)
        {
            return false;
        }

        _first = (_first + 1) % _waiting.Length;
        _count--;
        return true;
    }

    private static long PauseAfter(int tries) => Math.Min(SoughtShortest << (tries - 1), SoughtLongest);

    private int Find(uint index)
    {
        int set = SetOf(index);
        for (int at = set; at < set + Ways; at++)
        {
            if (_entries[at].Index == index && _entries[at].Tries > 0)
            {
                return at;
            }
        }

        return -1;
    }

    private int OldestFor(uint index)
    {
        int set = SetOf(index);
        int oldest = set;
        for (int at = set; at < set + Ways; at++)
        {
            if (_entries[at].Tries == 0)
            {
                return at;
            }

            oldest = _entries[at].At < _entries[oldest].At ? at : oldest;
        }

        return oldest;
    }

    private int SetOf(uint index) => (int)(SipHash.Hash(seed.K0, seed.K1, index) & (RememberedSought - 1)) & -Ways;

    private struct Entry
    {
        public uint Index;
        public int Tries;
        public Tick At;
    }
}
