#pragma warning disable RS0030 // Interlocked: here threads meet, between turns and not on the packet path.

namespace WgProxy.Core.Engine;

/// <summary>
/// The commands that wait for one owner of a relay. It is bounded and has no lock. Neither the poster, on any thread, nor the owner
/// ever waits. Equal commands coalesce, and have no order: each says what to look at, not what was there to see.
/// </summary>
internal sealed class Mailbox
{
    /// <summary>How many different commands may wait.</summary>
    public const int Capacity = 64;

    // A command and a mark that tells it from none.
    private const long Taken = 1L << 62;

    private readonly long[] _waiting = new long[Capacity];

    /// <summary>Leaves a command. False if there is no room.</summary>
    public bool TryPost(EngineCommand command)
    {
        long code = Taken | ((long)command.Kind << 32) | command.Route.Value;

        // What was published before must be seen by the owner who takes the equal command found here.
        Interlocked.MemoryBarrier();
        for (int i = 0; i < Capacity; i++)
        {
            if (Volatile.Read(ref _waiting[i]) == code)
            {
                return true;
            }
        }

        for (int i = 0; i < Capacity; i++)
        {
            if (Interlocked.CompareExchange(ref _waiting[i], code, 0) == 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes a command. False if there is none. One thread at a time.</summary>
    public bool TryTake(out EngineCommand command)
    {
        for (int i = 0; i < Capacity; i++)
        {
            if (Volatile.Read(ref _waiting[i]) != 0)
            {
                long code = Interlocked.Exchange(ref _waiting[i], 0);
                command = new EngineCommand((EngineCommandKind)((code & ~Taken) >> 32), RouteId.Of((uint)code));
                return true;
            }
        }

        command = default;
        return false;
    }
}
