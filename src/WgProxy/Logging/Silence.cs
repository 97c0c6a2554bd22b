using WgProxy.Configuration;
using WgProxy.Core.Engine;
using WgProxy.Core.Routes;

namespace WgProxy.Logging;

/// <summary>What shows whether a server answers.</summary>
/// <param name="Arrived">Datagrams from the server, no matter what became of them.</param>
/// <param name="Sent">Datagrams that were forwarded to it.</param>
/// <param name="Asked">Clients that it has not answered yet.</param>
internal readonly record struct AnswerFigures(long Arrived, long Sent, long Asked)
{
    private static readonly Verdict[] Verdicts = Enum.GetValues<Verdict>();

    /// <summary>Those of an engine with one server.</summary>
    public static AnswerFigures Of(CountersSnapshot all) =>
        new(Verdicts.Sum(verdict => all[Direction.Downlink, verdict]), all.Passed(Direction.Uplink), all[Proof.Asked]);

    /// <summary>Those of one server among several.</summary>
    public static AnswerFigures Of(RouteCounters route) =>
        new(
            Verdicts.Sum(verdict => route[Direction.Downlink, verdict]),
            route[Direction.Uplink, Verdict.Forward] + route[Direction.Uplink, Verdict.Open],
            route[Proof.Asked]);
}

/// <summary>Watches one server's figures, and logs when it is silent while clients ask, and when it is heard again.</summary>
internal sealed class Silence(ServerName server, TimeProvider time, Log log)
{
    // An unanswered client asks every 5 s, so four looks cover three initiations.
    private const int LooksWhileAsked = 4;

    // With data or keepalives WireGuard rekeys every 120 s, and a live server answers.
    private const int LooksWhileSent = 32;

    private readonly Complaint _complaint = new(time);
    private AnswerFigures _before;
    private int _unanswered;
    private int _unheard;

    /// <summary>Whether it is silent now, which is logged less often. Any thread may read it.</summary>
    public bool IsSilent { get; private set; }

    /// <summary>Begins with these figures.</summary>
    public void Begin(AnswerFigures now) => _before = now;

    /// <summary>Looks once. Called every <see cref="Trouble.Period"/>.</summary>
    public void Look(AnswerFigures now)
    {
        bool heard = now.Arrived > _before.Arrived;
        bool asked = now.Asked > 0 && _before.Asked > 0;
        bool sent = now.Sent > _before.Sent;
        _before = now;
        _unanswered = heard || !asked ? 0 : _unanswered + 1;

        // A look without datagrams proves nothing, either way.
        _unheard = heard ? 0 : sent ? _unheard + 1 : _unheard;
        bool silent = _unanswered >= LooksWhileAsked || _unheard >= LooksWhileSent;
        IsSilent = silent || (IsSilent && !heard);
        if (_complaint.Note(silent || (_complaint.IsOpen && !heard), looks: 1))
        {
            log.ServerIsSilent(server, Trouble.Period * Math.Max(_unanswered, _unheard), now.Asked);
        }
        else if (_complaint.IsOver())
        {
            log.ServerIsBack(server);
        }
    }
}
