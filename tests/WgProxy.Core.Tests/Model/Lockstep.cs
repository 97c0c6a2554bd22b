using System.Net;

namespace WgProxy.Core.Tests.Model;

/// <summary>Gives the relay and the model the same events, as an engine would, and compares everything they say.</summary>
internal sealed partial class Lockstep
{
    private readonly Route[] _routes;
    private readonly Relay _relay;
    private readonly Invariants _invariants;
    private readonly Dictionary<int, int> _slots = [];
    private readonly Dictionary<int, (int Source, int Route)> _owners = [];
    private readonly List<int> _held = [];
    private byte[] _buffer = new byte[1 << 16];
    private ushort _port = 40_000;
    private bool _refuses;
    private bool _holds;

    public Lockstep(Sequence sequence, ReferenceRules? rules = null)
    {
        _routes = [.. Enumerable.Range(0, sequence.Routes).Select(_ => RelayDriver.NewRoute())];
        _relay = new Relay(sequence.Settings, _routes);
        Model = new ReferenceRelay(sequence.Settings, rules ?? new ReferenceRules(), _routes, _relay.Slots);
        _invariants = new Invariants(_relay, sequence.Settings);
    }

    public ReferenceRelay Model { get; }

    public RelayCounters Counters => _relay.Counters;

    public Tick Now { get; private set; } = new(1_000_000);

    public static Source SourceOf(int number) =>
        Source.From(new IPEndPoint(AddressOf(number), 1_000 + number));

    /// <summary>Three ports of one IPv4 address, three addresses of one IPv6 /64, and so on.</summary>
    private static IPAddress AddressOf(int number) => IPAddress.Parse(
        number / 3 % 2 == 0 ? $"192.0.2.{1 + (number / 3)}" : $"2001:db8:0:{1 + (number / 3):x}::{number:x}");

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
            return Perform(step) ?? Compare();
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
            return Wait(2_000_000) ?? Settle() ?? Compare() ?? _invariants.Drained(_relay.Advance(Now));
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
                _routes[Math.Min(step.Number, _routes.Length - 1)].Server = step.Kind is "resolve" ? new IPEndPoint(IPAddress.Loopback, 1) : null;
                return null;
            case "refuse":
                _refuses = true;
                return null;
            default:
                _holds = step.Kind is "hold";
                return Settle();
        }
    }

    private string? Client(Step step)
    {
        Source source = SourceOf(step.Number);
        (ReadOnlyMemory<byte> run, int stride) = Bytes(step, source);
        while (true)
        {
            _invariants.Before();
            Decision decision = _relay.FromClient(run.Span, stride, source, Now);
            ReferenceDecision expected = Model.FromClient(run, stride, source, Now);
            if (decision.Verdict == Verdict.Open && expected.Verdict == Verdict.Open)
            {
                _slots[expected.Id] = decision.Slot;
                _owners[expected.Id] = (step.Number, Array.IndexOf(_routes, _relay.RouteOf(decision.Slot)));
            }

            string? problem = Compare(decision, expected) ?? TakeCookie(decision, run.Span, source)
                ?? _invariants.AfterClient(source, run.Span, stride, decision, ShowsCookie(run.Span, source), Now) ?? Open(decision, expected) ?? Settle();
            if (problem is not null || decision.Length >= run.Length)
            {
                return problem;
            }

            run = run[decision.Length..];
        }
    }

    private string? Open(Decision decision, ReferenceDecision expected)
    {
        if (decision.Verdict == Verdict.Open && _refuses)
        {
            _relay.OpenFailed(decision.Slot);
            Model.OpenFailed(expected.Id);
            _refuses = false;
        }
        else if (decision.Verdict == Verdict.Open)
        {
            _relay.Opened(decision.Slot, _port);
            Model.Opened(expected.Id, _port++);
        }

        return null;
    }

    private string? Server(Step step)
    {
        int id = _owners.Where(owner => owner.Value == (step.Number, step.Route))
            .Select(owner => owner.Key)
            .Where(id => _held.Contains(id) == (step.Kind is "closed"))
            .DefaultIfEmpty(-1).Max();
        if (id < 0)
        {
            return null;
        }

        (ReadOnlyMemory<byte> run, int stride) = Bytes(step, default);
        while (true)
        {
            Decision decision = _relay.FromServer(_slots[id], run.Span, stride, Now);
            ReferenceDecision expected = Model.FromServer(id, run, stride, Now);
            string? problem = Compare(decision, expected) ?? _invariants.AfterServer(_slots[id], run.Span, stride, decision, Now) ?? Settle();
            if (problem is not null || decision.Length >= run.Length || !_slots.ContainsKey(id))
            {
                return problem;
            }

            run = run[decision.Length..];
        }
    }

    private (ReadOnlyMemory<byte> Run, int Stride) Bytes(Step step, Source source)
    {
        int length = step.Run.Sum(message => message.Length);
        _buffer = _buffer.Length < length ? new byte[length] : _buffer;
        int at = 0;
        foreach (Message message in step.Run)
        {
            message.Write(_buffer.AsSpan(at, message.Length), _routes, CookieFor(message, source));
            at += message.Length;
        }

        return (_buffer.AsMemory(0, length), step.Run[0].Length);
    }
}
