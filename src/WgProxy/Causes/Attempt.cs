namespace WgProxy.Causes;

/// <summary>A client that asked for a tunnel and ended without one.</summary>
/// <param name="Client">The client.</param>
/// <param name="Route">The server that it asked.</param>
/// <param name="WasAnswered">Whether the server answered it.</param>
/// <param name="Ended">When it ended, by the program's clock.</param>
internal sealed record Attempt(Source Client, RouteId Route, bool WasAnswered, DateTimeOffset Ended);

/// <summary>The last attempts, so that there is a cause to tell after a client has given up. One thread of the engine adds at a time;
/// any thread reads.</summary>
/// <param name="time">The clock.</param>
internal sealed class Attempts(TimeProvider time)
{
    /// <summary>How many are kept: as many as a relay keeps strangers.</summary>
    public const int Kept = Limits.RememberedStrangers;

    private readonly Attempt?[] _ring = new Attempt?[Kept];
    private int _next;

    /// <summary>Those that are kept, in no order.</summary>
    public IReadOnlyList<Attempt> All => [.. Enumerable.Range(0, Kept).Select(i => Volatile.Read(ref _ring[i])).OfType<Attempt>()];

    /// <summary>Takes note of a change of a mapping. Does not wait.</summary>
    public void Observe(in RelayEvent change)
    {
        if (change.EndsMapping && change.Proof is Proof.Asked or Proof.Answered)
        {
            Volatile.Write(ref _ring[_next], new Attempt(change.Source, change.Route, change.Proof == Proof.Answered, time.GetUtcNow()));
            _next = (_next + 1) % Kept;
        }
    }
}
