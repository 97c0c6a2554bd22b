using System.Net;
using System.Threading.Channels;
using WgProxy.Configuration;

namespace WgProxy.Resolving;

/// <summary>Bounds how many names are looked up at once, because each look-up takes a thread and a file has up to a thousand servers. A look-up
/// that hangs gives its place back after a while, so that a few names that are never answered do not hold up all others.</summary>
internal sealed class LookUpPlaces
{
    /// <summary>Look-ups at once, beside those that hang.</summary>
    public const int Count = 32;

    // By default glibc gives up on a name server after 10 s.
    private static readonly TimeSpan Loan = TimeSpan.FromSeconds(15);

    private readonly Channel<bool> _free = Channel.CreateBounded<bool>(Count);
    private readonly LookUp _ask;
    private readonly TimeProvider _time;

    /// <summary>All places are free.</summary>
    /// <param name="ask">Asks the system.</param>
    /// <param name="time">The clock.</param>
    public LookUpPlaces(LookUp ask, TimeProvider time)
    {
        (_ask, _time) = (ask, time);
        while (_free.Writer.TryWrite(true))
        {
        }
    }

    /// <summary>Looks up a server once there is a place. An address needs none.</summary>
    public async Task<IPAddress[]> AskAsync(ServerName server, CancellationToken stop)
    {
        if (server.Address is not null)
        {
            return await _ask(server, stop);
        }

        _ = await _free.Reader.ReadAsync(stop);
        Task<IPAddress[]> asked = Ask(server, stop);
        _ = GiveBackAsync(asked);
        return await asked;
    }

    // A look-up that cannot even begin, because the system grants no thread, gives its place back like any other.
    private Task<IPAddress[]> Ask(ServerName server, CancellationToken stop)
    {
        try
        {
            return _ask(server, stop);
        }
        catch (Exception refusal) when (refusal is not OutOfMemoryException)
        {
            return Task.FromException<IPAddress[]>(refusal);
        }
    }

    private async Task GiveBackAsync(Task asked)
    {
        using CancellationTokenSource over = new();
        await Task.WhenAny(asked, Task.Delay(Loan, _time, over.Token));
        await over.CancelAsync();
        _ = _free.Writer.TryWrite(true);
    }
}
