using System.Diagnostics;

namespace WgProxy.Linux.Workers;

/// <summary>
/// How long looking for more before sleeping is worth it, going by the turns before. Sleeping costs nothing, but falling asleep
/// and being woken costs microseconds of the worker's and of whoever wakes it, and on a virtual machine whose processor was given back to
/// its host it takes tens of them. After data it is worth as much as that costs. In a conversation it is
/// worth more: one datagram up, its answer down, and so on, each soon after the other. There every microsecond of
/// the relay's is one of the round trip's, and nobody else has anything to do meanwhile. A stream, however dense, is none:
/// who looks after it for longer keeps a processor busy for nothing. Round trips over long distances are longer than any window.
/// </summary>
/// <param name="poll">What the worker was told.</param>
internal struct SpinPolicy(BusyPoll poll)
{
    // Turns that answer each other count one, others take away: with directions drawn at random it hardly ever comes to enough.
    // A look in vain takes all that it took to begin: one in eight is forgiven, and if all were in vain, one turn in
    // eight would look.
    private const int Enough = 8;
    private const int Most = 16;
    private const int Setback = 4;

    private readonly long _brief = ToTicks(poll.Brief);
    private readonly long _conversing = ToTicks(poll.Conversing);
    private long _last;
    private int _answers;
    private int _lastWay;
    private bool _hadData;

    /// <summary>How long to look before sleeping, in units of <see cref="Stopwatch"/>; 0: not at all.</summary>
    public readonly long Window => !_hadData ? 0 : _answers >= Enough ? _conversing : _brief;

    /// <summary>A turn has ended.</summary>
    /// <param name="up">How many receives brought something from clients.</param>
    /// <param name="down">How many from servers.</param>
    /// <param name="stamp">When the turn began, in units of <see cref="Stopwatch"/>.</param>
    public void Note(int up, int down, long stamp)
    {
        int way = up + down == 1 ? up - down : 0;
        bool answers = way != 0 && way == -_lastWay && stamp - _last <= 2 * _conversing;
        _answers = answers ? Math.Min(_answers + 1, Most) : Math.Max(_answers - Setback, 0);
        _hadData = up + down > 0;
        _lastWay = way;
        _last = stamp;
    }

    /// <summary>Nothing came in the window. The brief one says nothing about a conversation.</summary>
    public void Miss() => _answers -= _answers >= Enough ? Enough : 0;

    private static long ToTicks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);
}
