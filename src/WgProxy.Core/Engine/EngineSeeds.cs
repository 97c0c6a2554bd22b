using System.Runtime.InteropServices;

namespace WgProxy.Core.Engine;

/// <summary>
/// All random bits of an engine, 128 for each purpose. The program draws them once, at its start. No engine draws by itself, and the
/// workers of an engine derive their seeds from its own. A missing seed is zero, which only tests may use.
/// </summary>
public sealed record EngineSeeds
{
    /// <summary>Chooses the worker of a client. With a known seed, an attacker could aim at one worker. It may outlive the process, so that a
    /// returning client finds the worker that knows it.</summary>
    public (ulong K0, ulong K1) Steering { get; init; }

    /// <summary>Keys the tables over what a sender chooses. With a known seed, an attacker could fill one bucket. It is never kept.</summary>
    public (ulong K0, ulong K1) Hash { get; init; }

    /// <summary>Makes the secrets of cookies. With a known seed, an attacker could make cookies for forged addresses. It may
    /// outlive the process, so that cookies stay valid.</summary>
    public (ulong K0, ulong K1) Cookie { get; init; }

    /// <summary>Makes the nonces of cookie replies. They must not repeat under one key, and the key is the same after a restart, because it
    /// is derived from the server's public key. So this seed is never kept, and never derived from a kept one.</summary>
    public (ulong K0, ulong K1) Nonce { get; init; }

    /// <summary>Orders the draws of upstream ports. With a known seed, an attacker could predict the next one (RFC 6056). It is never kept.</summary>
    public (ulong K0, ulong K1) Ports { get; init; }

    /// <summary>Chooses the small buffer that answers a stranger. With a known seed, an attacker could aim at one buffer. It is never kept.</summary>
    public (ulong K0, ulong K1) Strangers { get; init; }

    /// <summary>Seeds from a source of unpredictable bytes, such as <c>RandomNumberGenerator.Fill</c>.</summary>
    /// <param name="fill">Fills what it is given. Called once.</param>
    public static EngineSeeds From(Action<Span<byte>> fill)
    {
        Span<byte> bytes = stackalloc byte[6 * 2 * sizeof(ulong)];
        fill(bytes);
        ReadOnlySpan<ulong> drawn = MemoryMarshal.Cast<byte, ulong>(bytes);
        return new EngineSeeds
        {
            Steering = (drawn[0], drawn[1]),
            Hash = (drawn[2], drawn[3]),
            Cookie = (drawn[4], drawn[5]),
            Nonce = (drawn[6], drawn[7]),
            Ports = (drawn[8], drawn[9]),
            Strangers = (drawn[10], drawn[11]),
        };
    }

    /// <summary>The seeds of one of several workers. Workers share what they must agree on (steering, cookies, strangers).</summary>
    /// <param name="worker">The worker's number.</param>
    internal EngineSeeds OfWorker(int worker) => this with
    {
        Hash = Numbered(Hash, worker),
        Nonce = Numbered(Nonce, worker),
        Ports = Numbered(Ports, worker),
    };

    // Keys of a keyed hash: one that is greater by one makes nothing alike.
    private static (ulong K0, ulong K1) Numbered((ulong K0, ulong K1) seed, int worker) => (unchecked(seed.K0 + (ulong)worker), seed.K1);
}
