namespace WgProxy.Load;

/// <summary>Which counters of a flow have come: tells what was lost, what came twice and what came late.</summary>
internal sealed class CounterWindow
{
    private const int Words = 64;
    private const int Size = Words * 64;

    private readonly ulong[] _seen = new ulong[Words];
    private ulong _next;

    public long Delivered { get; private set; }

    public long Duplicated { get; private set; }

    public long Reordered { get; private set; }

    /// <summary>Counters below the highest that never came.</summary>
    public long Lost => Math.Max(0, (long)_next - Delivered);

    /// <summary>Takes a counter; says whether it is new.</summary>
    public bool Count(ulong counter)
    {
        if (counter >= _next)
        {
            MoveTo(counter);
        }
        else if (_next - counter > Size)
        {
            // Too late to tell whether it came before: networks that duplicate after 4,096 others are not expected.
            Reordered++;
            Delivered++;
            return true;
        }
        else if ((_seen[Word(counter)] & Bit(counter)) != 0)
        {
            Duplicated++;
            return false;
        }
        else
        {
            Reordered++;
        }

        _seen[Word(counter)] |= Bit(counter);
        Delivered++;
        return true;
    }

    private static int Word(ulong counter) => (int)(counter / 64 % Words);

    private static ulong Bit(ulong counter) => 1UL << (int)(counter % 64);

    // Words that the window enters anew are cleared; the one it stands in is kept.
    private void MoveTo(ulong counter)
    {
        if (counter - _next >= Size)
        {
            Array.Clear(_seen);
        }
        else
        {
            for (ulong word = (_next + 63) / 64; word <= counter / 64; word++)
            {
                _seen[(int)(word % Words)] = 0;
            }
        }

        _next = counter + 1;
    }
}
