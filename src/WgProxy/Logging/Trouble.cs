using WgProxy.Configuration;

namespace WgProxy.Logging;

/// <summary>
/// Reads an engine's counters every few seconds, off the packet path, and logs lasting problems: sends or receives that keep
/// failing, a server that is silent while clients ask, and clients that use another key. Each is logged once until it is
/// over, and at most once in ten minutes. Its end is logged too.
/// </summary>
internal sealed class Trouble(ServerName server, Func<IReadOnlyDictionary<string, long>> read, TimeProvider time, Log log)
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
    private IReadOnlyDictionary<string, long> _before = new Dictionary<string, long>(StringComparer.Ordinal);
    private IReadOnlyDictionary<string, long> _now = new Dictionary<string, long>(StringComparer.Ordinal);
    private int _unanswered;
    private int _unheard;

    /// <summary>Looks every <see cref="Period"/> until cancelled.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        _now = read();
        while (true)
        {
            await Task.Delay(Period, time, stop);
            Look();
        }
    }

    /// <summary>Looks once.</summary>
    public void Look()
    {
        (_before, _now) = (_now, read());
        LookAtTheServer();
        long sends = Of($"fault.{EngineFault.SendFailed}");
        if (_sends.Note(sends > 0, LooksWhileFailing))
        {
            log.SendsFail(sends, Period);
        }
        else if (_sends.IsOver())
        {
            log.SendsWork();
        }

        long receives = Of($"fault.{EngineFault.ReceiveFailed}");
        if (_receives.Note(receives > 0, LooksWhileFailing))
        {
            log.ReceivesFail(receives, Period);
        }
        else if (_receives.IsOver())
        {
            log.ReceivesWork();
        }

        // Strangers guess too. A warning is due only if no client at all uses the right key.
        bool forAnother = Of($"uplink.{Verdict.BadMac1}") > 0 && Sum("uplink.", Verdict.Forward, Verdict.Open, _now) == 0;
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
        bool heard = All("downlink.", _now) > All("downlink.", _before);
        bool asked = _now.GetValueOrDefault($"mappings.{Proof.Asked}") > 0 && _before.GetValueOrDefault($"mappings.{Proof.Asked}") > 0;
        bool sent = Sum("uplink.", Verdict.Forward, Verdict.Open, _now) > Sum("uplink.", Verdict.Forward, Verdict.Open, _before);
        _unanswered = heard || !asked ? 0 : _unanswered + 1;

        // A look without datagrams proves nothing, either way.
        _unheard = heard ? 0 : sent ? _unheard + 1 : _unheard;
        bool silent = _unanswered >= LooksWhileAsked || _unheard >= LooksWhileSent;
        if (_silence.Note(silent || (_silence.IsOpen && !heard), looks: 1))
        {
            log.ServerIsSilent(server, Period * Math.Max(_unanswered, _unheard), _now.GetValueOrDefault($"mappings.{Proof.Asked}"));
        }
        else if (_silence.IsOver())
        {
            log.ServerIsBack(server);
        }
    }

    private long Of(string counter) => _now.GetValueOrDefault(counter) - _before.GetValueOrDefault(counter);

    private static long Sum(string prefix, Verdict first, Verdict second, IReadOnlyDictionary<string, long> counters) =>
        counters.GetValueOrDefault($"{prefix}{first}") + counters.GetValueOrDefault($"{prefix}{second}");

    private static long All(string prefix, IReadOnlyDictionary<string, long> counters) =>
        counters.Where(counter => counter.Key.StartsWith(prefix, StringComparison.Ordinal)).Sum(counter => counter.Value);

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
