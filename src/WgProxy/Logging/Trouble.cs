using WgProxy.Configuration;
using WgProxy.Core.Engine;

namespace WgProxy.Logging;

/// <summary>
/// Reads an engine's counters every few seconds, off the packet path, and logs lasting problems: sends or receives that keep
/// failing, a server that is silent while clients ask, and clients that use another key. Each is logged once until it is
/// over, and at most once in ten minutes. The end is logged too, except of the last.
/// </summary>
internal sealed class Trouble(ServerName server, Func<Task<CountersSnapshot?>> read, TimeProvider time, Log log)
{
    /// <summary>The time between two looks at the counters.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    // An unanswered client asks every 5 s, so four looks cover three initiations.
    private const int LooksWhileAsked = 4;

    // With data or keepalives WireGuard rekeys every 120 s, and a live server answers.
    private const int LooksWhileSent = 32;

    // A single look with failures is a burst, or a link that went down.
    private const int LooksWhileFailing = 3;

    private readonly Complaint _sends = new(time);
    private readonly Complaint _receives = new(time);
    private readonly Complaint _silence = new(time);
    private readonly Complaint _otherKey = new(time);
    private CountersSnapshot _before = new();
    private CountersSnapshot _now = new();
    private int _unanswered;
    private int _unheard;

    /// <summary>Looks every <see cref="Period"/> until cancelled.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        _now = await read() ?? _now;
        while (true)
        {
            await Task.Delay(Period, time, stop);
            if (await read() is CountersSnapshot now)
            {
                Look(now);
            }
        }
    }

    /// <summary>Looks once.</summary>
    /// <param name="now">The engine's figures, which change no more.</param>
    public void Look(CountersSnapshot now)
    {
        (_before, _now) = (_now, now);
        LookAtTheServer();
        long sends = _now[EngineFault.SendFailed] - _before[EngineFault.SendFailed];
        if (_sends.Note(sends > 0, LooksWhileFailing))
        {
            log.SendsFail(sends, Period);
        }
        else if (_sends.IsOver())
        {
            log.SendsWork();
        }

        long receives = _now[EngineFault.ReceiveFailed] - _before[EngineFault.ReceiveFailed];
        if (_receives.Note(receives > 0, LooksWhileFailing))
        {
            log.ReceivesFail(receives, Period);
        }
        else if (_receives.IsOver())
        {
            log.ReceivesWork();
        }

        // Strangers guess too. A warning is due only if no client at all uses the right key.
        bool forAnother = _now[Direction.Uplink, Verdict.BadMac1] > _before[Direction.Uplink, Verdict.BadMac1] && _now.Passed(Direction.Uplink) == 0;
        if (_otherKey.Note(forAnother, looks: 1))
        {
            log.AskedForAnotherKey();
        }
        else
        {
            _ = _otherKey.IsOver();
        }
    }

    private void LookAtTheServer()
    {
        bool heard = Arrived(_now) > Arrived(_before);
        bool asked = _now[Proof.Asked] > 0 && _before[Proof.Asked] > 0;
        bool sent = _now.Passed(Direction.Uplink) > _before.Passed(Direction.Uplink);
        _unanswered = heard || !asked ? 0 : _unanswered + 1;

        // A look without datagrams proves nothing, either way.
        _unheard = heard ? 0 : sent ? _unheard + 1 : _unheard;
        bool silent = _unanswered >= LooksWhileAsked || _unheard >= LooksWhileSent;
        if (_silence.Note(silent || (_silence.IsOpen && !heard), looks: 1))
        {
            log.ServerIsSilent(server, Period * Math.Max(_unanswered, _unheard), _now[Proof.Asked]);
        }
        else if (_silence.IsOver())
        {
            log.ServerIsBack(server);
        }
    }

    // From the server, whatever became of it.
    private static long Arrived(CountersSnapshot counters) => Enum.GetValues<Verdict>().Sum(verdict => counters[Direction.Downlink, verdict]);

    /// <summary>One problem that may exist.</summary>
    private sealed class Complaint(TimeProvider time)
    {
        private static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

        private long? _said;
        private int _looks;
        private bool _isWrong;

        /// <summary>Whether it has been logged and is not over yet.</summary>
        public bool IsOpen { get; private set; }

        /// <summary>Takes the result of one look. True if the problem is to be logged now.</summary>
        public bool Note(bool isWrong, int looks)
        {
            _isWrong = isWrong;
            _looks = isWrong ? _looks + 1 : 0;
            if (IsOpen || _looks < looks || (_said is long said && time.GetElapsedTime(said) < Pause))
            {
                return false;
            }

            _said = time.GetTimestamp();
            return IsOpen = true;
        }

        /// <summary>Whether the logged problem is over. True once.</summary>
        public bool IsOver()
        {
            bool isOver = IsOpen && !_isWrong;
            IsOpen &= _isWrong;
            return isOver;
        }
    }
}
