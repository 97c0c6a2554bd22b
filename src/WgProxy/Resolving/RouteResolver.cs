using System.Net;
using System.Net.Sockets;
using WgProxy.Configuration;
using WgProxy.Core.Routes;
using WgProxy.Hosting;
using WgProxy.Logging;

namespace WgProxy.Resolving;

/// <summary>Looks up the addresses of a server.</summary>
internal delegate Task<IPAddress[]> LookUp(ServerName server, CancellationToken stop);

/// <summary>
/// Keeps the addresses of a route's server current, off the packet path. It asks every minute, sooner when a
/// server in use falls silent, and at once when the operator asks. A failed look-up is repeated. Good
/// addresses are replaced only by better ones.
/// </summary>
internal sealed class RouteResolver
{
    private const int MostAtOnce = 8;

    // More than the longest pause needs. Beyond some 36, the product would overflow a TimeSpan.
    private const int MostDoublings = 16;

    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(60);

    // Looking for an interface costs one system call on this host.
    private static readonly TimeSpan ZonePeriod = TimeSpan.FromSeconds(5);

    // An attacker who forges a client's address can make a server seem silent, and so cause one question in this time. A
    // server is known to be silent after 11 s, and the question must leave within 15.
    private static readonly TimeSpan Gap = TimeSpan.FromSeconds(4);

    // How long one question may take before a second is asked beside it; doubled for each open one. By default
    // glibc gives up on a name server after 10 s, so a name server listed after a dead one answers later than this.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan MostPatience = TimeSpan.FromHours(1);

    private readonly RouteAnswers _answers;
    private readonly ServerName _server;
    private readonly LookUp _lookUp;
    private readonly TimeProvider _time;
    private readonly long _zero;
    private readonly TimeSpan _period;
    private readonly List<Task<Answer>> _asked = [];
    private TaskCompletionSource _signal = NewSignal();
    private int _wish;
    private TimeSpan _retry = FirstRetry;
    private TimeSpan _last;
    private TimeSpan _due;

    /// <summary>A resolver of the only endpoint of a route's server.</summary>
    public RouteResolver(
        Route route, ServerName server, OwnAddresses own, LookUp lookUp, TimeProvider time, Action changed, Log log)
        : this(OnlyOf(route, server), server, own, lookUp, time, changed, log)
    {
    }

    /// <summary>A resolver of one endpoint of a server.</summary>
    /// <param name="addresses">Where the addresses are published.</param>
    /// <param name="server">The operator's name for the server.</param>
    /// <param name="own">Where this relay itself listens.</param>
    /// <param name="lookUp">Asks the system.</param>
    /// <param name="time">The clock.</param>
    /// <param name="changed">Called after other addresses have been published.</param>
    /// <param name="log">The log.</param>
    public RouteResolver(
        EndpointAddresses addresses, ServerName server, OwnAddresses own, LookUp lookUp, TimeProvider time, Action changed, Log log)
    {
        _answers = new RouteAnswers(addresses, server, own, changed, log);
        _server = server;
        Addresses = addresses;
        _lookUp = lookUp;
        _time = time;
        _zero = time.GetTimestamp();
        _period = server.Zone is null ? Period : ZonePeriod;
    }

    /// <summary>The endpoint's addresses, as far as they are known.</summary>
    public EndpointAddresses Addresses { get; }

    /// <summary>The IP version whose addresses come first; null for the order of answers.</summary>
    public AddressFamily? Preferred
    {
        get => _answers.Preferred;
        init => _answers.Preferred = value;
    }

    /// <summary>Whether <see cref="RunAsync"/> returns if the operator configured this relay as its own server.</summary>
    public bool MayEnd
    {
        get => _answers.MayEnd;
        init => _answers.MayEnd = value;
    }

    private TimeSpan Now => _time.GetElapsedTime(_zero);

    /// <summary>Asks at once, for the operator. May be called from any thread.</summary>
    public void ResolveNow() => Signal(Wish.Now);

    /// <summary>Asks as soon as its pace allows: a server in use has fallen silent, or this host's links have changed. May be
    /// called from any thread.</summary>
    public void ResolveSoon() => Signal(Wish.Soon);

    /// <summary>The relay is about to listen elsewhere: gives up addresses that will be its own. The caller tells the engine. May be called from any thread.</summary>
    /// <returns>What takes them back; null if there are none.</returns>
    public Action? GiveUpOwn()
    {
        return _answers.GiveUp(out Action takeBack) is null ? null : () =>
        {
            _answers.GivenUp = null;
            takeBack();
        };
    }

    /// <summary>The relay listens elsewhere: an address that was its own may be the server's now, also a fixed one. May be called from any thread.</summary>
    public void JudgeAgain()
    {
        _answers.MayEnd = false;
        Signal(Wish.JudgeAgain);
    }

    /// <summary>Publishes the server's addresses, now and whenever they change, until cancelled. Returns earlier only if
    /// the operator configured this relay as its own server. That has been logged then.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        _due = Now;
        while (true)
        {
            if (Now >= _due)
            {
                Ask(stop);
            }

            await WaitAsync(stop);
            if (NewestAnswer() is { } answer && !Take(answer))
            {
                return;
            }

            TakeWish();
        }
    }

    private static EndpointAddresses OnlyOf(Route route, ServerName server)
    {
        _ = EndpointAddresses.Follow(route, [server], [], out IReadOnlyList<EndpointAddresses> all);
        return all[0];
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static TimeSpan Earlier(TimeSpan left, TimeSpan right) => left < right ? left : right;

    private static TimeSpan Later(TimeSpan left, TimeSpan right) => left > right ? left : right;

    private void Signal(Wish wish)
    {
        // A later caller that wants less must not cancel what an earlier one asked for.
        int before = Volatile.Read(ref _wish);
        while (before < (int)wish && Interlocked.CompareExchange(ref _wish, (int)wish, before) != before)
        {
            before = Volatile.Read(ref _wish);
        }

        Volatile.Read(ref _signal).TrySetResult();
    }

    private void Ask(CancellationToken stop)
    {
        _asked.Add(AskAsync(stop));
        _last = Now;
        _due = _last + Earlier(Patience * Math.Pow(2, Math.Min(_asked.Count - 1, MostDoublings)), MostPatience);
    }

    private async Task<Answer> AskAsync(CancellationToken stop)
    {
        try
        {
            return new Answer(await _lookUp(_server, stop), null);
        }
        catch (Exception refusal) when (refusal is not OperationCanceledException)
        {
            return new Answer([], LookUpFailure.Words(refusal));
        }
    }

    /// <summary>Waits for an answer, for a wish, or until the next question is due.</summary>
    private async Task WaitAsync(CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        if (_asked.Exists(question => question.IsCompleted))
        {
            return;
        }

        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        TimeSpan left = _due == TimeSpan.MaxValue ? Timeout.InfiniteTimeSpan : Later(_due - Now, TimeSpan.Zero);
        await Task.WhenAny([.. _asked, _signal.Task, Task.Delay(left, _time, over.Token)]);
        await over.CancelAsync();
        stop.ThrowIfCancellationRequested();
    }

    /// <summary>The answer to the newest answered question. Older questions no longer matter.</summary>
    private Answer? NewestAnswer()
    {
        int newest = _asked.FindLastIndex(question => question.IsCompletedSuccessfully);
        if (newest < 0)
        {
            return null;
        }

        Answer answer = _asked[newest].Result;
        _asked.RemoveRange(0, newest + 1);
        return answer;
    }

    private bool Take(Answer answer)
    {
        TimeSpan pause = _answers.IsKnown ? _period : Earlier(_retry, _period);
        switch (_answers.Take(answer.Addresses, answer.Refusal, pause))
        {
            case Outcome.IsRelay:
                return false;
            case Outcome.Nothing:
                _retry = Earlier(_retry * 2, Period);
                break;
            default:
                pause = _period;
                break;
        }

        // An address stays what it is: only names and interfaces are looked up again.
        _due = _server.IsFixed ? TimeSpan.MaxValue : Now + pause;
        return true;
    }

    private void TakeWish()
    {
        Volatile.Write(ref _signal, _signal.Task.IsCompleted ? NewSignal() : _signal);
        Wish wish = (Wish)Interlocked.Exchange(ref _wish, (int)Wish.None);
        if (wish != Wish.None && (!_server.IsFixed || wish == Wish.JudgeAgain) && _asked.Count < MostAtOnce)
        {
            _due = Earlier(_due, wish == Wish.Soon ? _last + Gap : Now);
        }
    }

    private enum Wish
    {
        None,
        Soon,
        Now,
        JudgeAgain,
    }

    private sealed record Answer(IPAddress[] Addresses, string? Refusal);
}
