using System.Net;

namespace WgProxy.Core.Engine;

/// <summary>
/// What moves datagrams between sockets and a <see cref="Relay"/>. An engine obeys verdicts and decides nothing.
/// Every engine passes the same contract test.
/// </summary>
public interface IEngine : IDisposable
{
    /// <summary>Where the engine listens, ports resolved; empty before <see cref="Start"/>.</summary>
    IReadOnlyList<IPEndPoint> Listening { get; }

    /// <summary>What the system granted less of than asked for, a line each, in words for the operator; empty before
    /// <see cref="Start"/>.</summary>
    IReadOnlyList<string> Shortfalls { get; }

    /// <summary>Binds the listening sockets and begins to relay.</summary>
    /// <exception cref="EngineException">The system refused.</exception>
    void Start();

    /// <summary>Listens on other addresses from now on. New ones are bound before any is given up. Mappings of clients that send to addresses
    /// which are given up end, and all others go on untouched. Returns when that is done. Blocks meanwhile; may be called from any thread but
    /// the engine's own.</summary>
    /// <param name="listen">The addresses, as <see cref="EngineSettings.Listen"/> has them.</param>
    /// <exception cref="EngineException">The system refused, and nothing has changed.</exception>
    void ListenOn(IReadOnlyList<IPEndPoint> listen);

    /// <summary>Stops relaying and closes every socket. Returns when no thread of the engine runs any more.</summary>
    void Stop();

    /// <summary>Hands the engine a command, which it runs between two turns, on the thread that owns the relay. Neither blocks nor
    /// waits; may be called from any thread, at any time.</summary>
    /// <returns>False if too many commands are waiting, or the engine does not run.</returns>
    bool Post(EngineCommand command);

    /// <summary>Lends the engine records, to make their mappings again: between two turns, at most <see cref="Limits.RestoredPerTurn"/> in
    /// each. What comes from a client meanwhile restores its own records at once. Each mapping gets a socket by its own local port, or another if that is taken. Nothing on the packet path waits for it, and
    /// nothing that lives makes room. One batch at a time: another is told <see cref="RestoreOutcome.Busy"/>. May be called from any
    /// thread.</summary>
    /// <param name="batch">The records. The engine's until its callback is called, which always happens, once.</param>
    internal void Restore(RestoreBatch batch);

    /// <summary>Tells the engine of a tunnel that was found for one of the indices it sought (<see cref="EngineSettings.Directory"/>). It waits for the next packet with that
    /// index. False if too many wait, or the engine does not run. Neither blocks nor waits; may be called from any thread.</summary>
    internal bool Tell(DirectoryAnswer answer);

    /// <summary>Asks the engine. It answers between two turns, at most <see cref="QueryLine.SlotsPerTurn"/> slots in each; nothing on
    /// the packet path waits for it. A query waits for those before it, of which there are few: one more is told
    /// <see cref="QueryOutcome.Busy"/>. An engine that does not run says so at once, with the counters of its end. May be called from any
    /// thread.</summary>
    /// <param name="query">The question. It is the engine's until its callback is called, which always happens, once.</param>
    void Query(EngineQuery query);
}

/// <summary>What the system refused an engine.</summary>
public enum EngineRefusal
{
    /// <summary>Something that has nothing to do with where clients send to, such as a system call.</summary>
    System,

    /// <summary>The address and port to listen on.</summary>
    Listen,

    /// <summary>The port to listen on: another program has it.</summary>
    PortInUse,

    /// <summary>A source address of <see cref="UpstreamBinding.Addresses"/>.</summary>
    UpstreamAddress,

    /// <summary>The mark of <see cref="UpstreamBinding.Mark"/>.</summary>
    UpstreamMark,

    /// <summary>The interface of <see cref="UpstreamBinding.Device"/>.</summary>
    UpstreamDevice,
}

/// <summary>The system refused what an engine needs to start, such as an address in use.</summary>
public sealed class EngineException : Exception
{
    /// <summary>A refusal without words.</summary>
    public EngineException()
    {
    }

    /// <summary>A refusal, in words for the operator.</summary>
    public EngineException(string message)
        : base(message)
    {
    }

    /// <summary>A refusal, in words for the operator, and what the system said.</summary>
    public EngineException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>What was refused.</summary>
    public EngineRefusal Cause { get; init; }

    /// <summary>The port to listen on that was refused; null if it was something else.</summary>
    public int? Port { get; init; }
}
