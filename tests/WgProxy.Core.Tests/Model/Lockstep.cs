using System.Net;
using WgProxy.Core.Engine.Batching;
using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests.Model;

/// <summary>Gives relays and models the same events, as an engine would, and compares everything they say. Each source
/// belongs to one worker for good.</summary>
internal sealed partial class Lockstep
{
    private readonly ReferenceRoutes _routes;
    private readonly IReadOnlyList<Worker> _workers;
    private byte[] _buffer = new byte[1 << 16];
    private ushort _port = 40_000;
    private int _serverPort = 1;
    private bool _refuses;
    private int _passes;

    public Lockstep(Sequence sequence, ReferenceRules? rules = null)
    {
        _routes = new ReferenceRoutes(sequence.Routes);
        _workers = Worker.All(sequence, rules ?? new ReferenceRules(), _routes);
        _slotsPerTurn = sequence.SlotsPerTurn;
        BeginQueries();
    }

    public IEnumerable<ReferenceRelay> Models => _workers.Select(worker => worker.Model);

    /// <summary>All models' mappings that have a socket and have not ended.</summary>
    public IReadOnlyList<ReferenceMapping> Live => [.. Models.SelectMany(model => model.Live)];

    /// <summary>All that ended, but whose sockets the engine has not closed yet.</summary>
    public IReadOnlyList<ReferenceMapping> Closing => [.. Models.SelectMany(model => model.Closing)];

    /// <summary>The routes, by number.</summary>
    public ReferenceRoutes Routes => _routes;

    /// <summary>What was decided last about a client's packet.</summary>
    public Verdict Last { get; private set; }

    /// <summary>What was decided last about a server's packet.</summary>
    public Verdict LastFromServer { get; private set; }

    public Tick Now { get; private set; } = new(1_000_000);

    /// <summary>What relays have counted that are gone.</summary>
    public IEnumerable<RelayCounters> Former => _workers.Select(worker => worker.Former);

    /// <summary>What all relays have counted.</summary>
    public RelayCounters Counters
    {
        get
        {
            RelayCounters sum = new();
            foreach (Worker worker in _workers)
            {
                sum.Add(worker.Relay.Counters);
            }

            return sum;
        }
    }

    /// <summary>Runs a whole sequence and lets everything expire. Returns what went wrong, and at which step.</summary>
    public static (int Step, string Reason)? Run(Sequence sequence, ReferenceRules? rules = null)
    {
        Lockstep both = new(sequence, rules);
        for (int i = 0; i < sequence.Steps.Count; i++)
        {
            if (both.Do(sequence.Steps[i]) is string reason)
            {
                return (i, reason);
            }
        }

        return both.Drain() is string end ? (sequence.Steps.Count, end) : null;
    }

    /// <summary>Does one step on both sides. Returns null if they agree.</summary>
    public string? Do(Step step)
    {
        try
        {
            return Perform(step) ?? Each(worker => worker.Compare(Now)) ?? Turn();
        }
        catch (Exception thrown) when (thrown is not OutOfMemoryException)
        {
            return thrown.ToString();
        }
    }

    /// <summary>Lets so much time pass that nothing may be left.</summary>
    public string? Drain()
    {
        try
        {
            return Each(worker => Now.Milliseconds % 2 == 0 ? worker.ComparePeers(folds: true) : null) ?? Wait(2_000_000)
                ?? Each(worker => worker.Settle() ?? worker.Compare(Now) ?? worker.ComparePeers(folds: false) ?? worker.Drained(Now)) ?? AnswerAll();
        }
        catch (Exception thrown) when (thrown is not OutOfMemoryException)
        {
            return thrown.ToString();
        }
    }

    private string? Perform(Step step)
    {
        switch (step.Kind)
        {
            case "client":
                return Client(step);
            case "server" or "closed":
                return Server(step);
            case "wait":
                return Wait(step.Number);
            case "late":
                Now += step.Number;
                return Advance(out _);
            case "sleep":
                Now += step.Number;
                return null;
            case "resolve" or "unresolve":
                _routes[Math.Min(step.Number, _routes.Count - 1)].Server = step.Kind is "resolve" ? new IPEndPoint(IPAddress.Loopback, 1) : null;
                return null;
            case "move" or "list":
                return Move(Math.Min(step.Number, _routes.Count - 1), step.Kind is "list");
            case "add" or "remove":
                return step.Kind is "add" ? _routes.Add(step.Number) : _routes.Remove(step.Number);
            case "restrict" or "confine" or "shorten" or "throttle" or "relax" or "enroll":
                return Publish(step);
            case "tell":
                return Tell(step.Number, _workers);
            case "inform":
                return Tell(step.Route, [_workers[step.Number % _workers.Count]]);
            case "reroute":
                Worker owner = _workers[step.Number % _workers.Count];
                return owner.Reroute(owner.Find(step.Number, step.Route, isClosed: false), (ushort)step.Port) ?? owner.Settle();
            case "cut" or "lose":
                Worker cut = _workers[step.Number % _workers.Count];
                return cut.Cut(cut.Find(step.Number, step.Route, isClosed: false), step.Kind is "lose", Now) ?? cut.Settle();
            case "heal":
                Worker healed = _workers[step.Number % _workers.Count];
                return healed.Heal(healed.Find(step.Number, step.Route, isClosed: false));
            case "pass":
                _passes = step.Number;
                return null;
            case "restart":
                return Restart(step.Number);
            case "store":
                return Store(step.Number, step.Route);
            case "found":
                return Find(step.Number, (uint)step.Route);
            case "query":
                return Ask(step);
            case "again":
                return AskOn();
            case "refuse":
                _refuses = true;
                return null;
            default:
                return Each(worker =>
                {
                    worker.Holds = step.Kind is "hold";
                    return worker.Settle();
                });
        }
    }

    private string? Client(Step step)
    {
        Worker worker = _workers[step.Number % _workers.Count];
        (ReadOnlyMemory<byte> run, int stride) = Bytes(step);
        while (true)
        {
            string? problem = worker.FromClient(step.Number, run, stride, Now, out Decision decision, out int id)
                ?? TakeCookie(worker, decision, run.Span, step.Number)
                ?? worker.AfterClient(step.Number, run, stride, decision, ShowsCookie(run.Span, step.Number), Now);
            Last = decision.Verdict;
            if (problem is not null)
            {
                return problem;
            }

            RememberAsked(decision, run.Span, step.Number);
            if (decision.Verdict == Verdict.Open)
            {
                string? opened = worker.Open(decision, id, _refuses ? (ushort)0 : _port++, _passes, Now);
                _refuses = false;
                _passes = 0;
                if (opened is not null)
                {
                    return opened;
                }
            }

            if (worker.Settle() is string after)
            {
                return after;
            }

            if (decision.Length >= run.Length)
            {
                return null;
            }

            run = run[decision.Length..];
        }
    }

    private string? Server(Step step)
    {
        Worker worker = _workers[step.Number % _workers.Count];
        int id = worker.Find(step.Number, step.Route, step.Kind is "closed");
        if (id < 0)
        {
            return null;
        }

        (ReadOnlyMemory<byte> run, int stride) = Bytes(step);
        while (true)
        {
            string? problem = worker.FromServer(id, run, stride, Now, out Decision decision) ?? worker.Settle();
            LastFromServer = decision.Verdict;
            if (problem is not null || decision.Length >= run.Length || !worker.Has(id))
            {
                return problem;
            }

            run = run[decision.Length..];
        }
    }

    private string? Wait(int milliseconds)
    {
        Tick end = Now + milliseconds;
        while (true)
        {
            if (Advance(out Tick next) is string problem)
            {
                return problem;
            }

            if (Now == end)
            {
                return null;
            }

            if (next <= Now)
            {
                return "the next deadline is not later than now, though all that were due have passed";
            }

            Now = Tick.Min(next, end);
        }
    }

    private string? Advance(out Tick next)
    {
        Tick earliest = Tick.Never;
        string? problem = Each(worker =>
        {
            string? wrong = worker.Advance(Now, out Tick its);
            earliest = Tick.Min(earliest, its);
            return wrong;
        });
        next = earliest;
        return problem;
    }

    private string? Each(Func<Worker, string?> check) => _workers.Select(check).FirstOrDefault(problem => problem is not null);

    private (ReadOnlyMemory<byte> Run, int Stride) Bytes(Step step)
    {
        int length = step.Run.Sum(message => message.Length);
        _buffer = _buffer.Length < length ? new byte[length] : _buffer;
        int at = 0;
        foreach (Message message in step.Run)
        {
            Span<byte> datagram = _buffer.AsSpan(at, message.Length);
            message.Write(datagram, _routes.All, step.Kind is "client" ? CookieFor(message, step.Number) : null);
            Seal(message, step, datagram);
            at += message.Length;
        }

        return (_buffer.AsMemory(0, length), step.Run[0].Length);
    }
}
