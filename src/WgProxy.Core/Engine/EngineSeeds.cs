namespace WgProxy.Core.Engine;

/// <summary>
/// All random bits of an engine, 128 for each purpose. The program draws them once, at its start: no engine draws by itself, and the
/// workers of an engine number their own ones on. A seed that is left out is zero, which only tests can afford.
/// </summary>
public sealed record EngineSeeds
{
    /// <summary>Which worker a client belongs to. Without it anybody could aim at one worker. It may outlive the process: a client
    /// that comes back then finds the worker that knows it.</summary>
    public (ulong K0, ulong K1) Steering { get; init; }

    /// <summary>The tables over what a sender chooses. Without it anybody could fill one bucket. Never kept.</summary>
    public (ulong K0, ulong K1) Hash { get; init; }

    /// <summary>The secrets that cookies are made from. Without it anybody could make cookies of addresses that are not theirs. It may
    /// outlive the process: cookies then stay valid.</summary>
    public (ulong K0, ulong K1) Cookie { get; init; }

    /// <summary>The nonces of cookie replies. They must not repeat under one key, and the key is made from the server's public key, so it
    /// is the same after a restart: never kept, and derived from nothing that is.</summary>
    public (ulong K0, ulong K1) Nonce { get; init; }

    /// <summary>The order in which upstream ports are drawn. Without it anybody could foresee the next (RFC 6056). Never kept.</summary>
    public (ulong K0, ulong K1) Ports { get; init; }

    /// <summary>Which small buffer answers which stranger. Without it anybody could aim at one buffer. Never kept.</summary>
    public (ulong K0, ulong K1) Strangers { get; init; }

    /// <summary>The seeds of one of several workers. Workers share what they must agree on (steering, cookies, strangers).</summary>
    /// <param name="worker">The worker's number.</param>
    public EngineSeeds OfWorker(int worker) => this with
    {
        Hash = Numbered(Hash, worker),
        Nonce = Numbered(Nonce, worker),
        Ports = Numbered(Ports, worker),
    };

    // Keys of a keyed hash: one that is greater by one makes nothing alike.
    private static (ulong K0, ulong K1) Numbered((ulong K0, ulong K1) seed, int worker) => (unchecked(seed.K0 + (ulong)worker), seed.K1);
}
