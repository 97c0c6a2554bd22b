using System.Diagnostics;

namespace WgProxy.Linux.Workers;

/// <summary>
/// How long a worker polls before it sleeps, judged by its last turns. Falling asleep and waking cost microseconds, for the worker
/// and for the thread that wakes it. On a virtual machine whose processor went back to its host, they cost tens of microseconds.
/// After data, polling is worth as much as that costs. In a conversation it is
/// worth more: one datagram up, its answer down, and so on, each soon after the other. There every microsecond of
/// the relay is one of the round trip, and both ends wait meanwhile. A one-way stream, however dense, is no conversation:
/// longer polling would keep a processor busy for nothing. Round trips over long distances exceed every window.
/// </summary>
/// <param name="poll">The worker's setting.</param>
internal struct SpinPolicy(BusyPoll poll)
{
    // A turn that answers the one before adds one, and any other subtracts. Directions at random hardly ever reach the score.
    // A fruitless spin resets the score, so at worst one turn in eight spins for nothing.
    private const int Enough = 8;
    private const int Most = 16;
    private const int Setback = 4;

    private readonly long _brief = ToTicks(poll.Brief);
    private readonly long _conversing = ToTicks(poll.Conversing);
    private long _last;
    private int _answers;
    private int _lastWay;
    private bool _hadData;

    /// <summary>How long to poll before sleeping, in units of <see cref="Stopwatch"/>; 0 for not at all.</summary>
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

    /// <summary>Nothing came in the window. The brief window proves nothing about a conversation.</summary>
    public void Miss() => _answers -= _answers >= Enough ? Enough : 0;

    private static long ToTicks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);
}
