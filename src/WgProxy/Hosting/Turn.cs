using System.Threading.Channels;

namespace WgProxy.Hosting;

/// <summary>A turn that one has at a time, on whatever thread. No thread is blocked while waiting for it.</summary>
internal sealed class Turn
{
    // Holds one item while the turn is free.
    private readonly Channel<bool> _free = Channel.CreateBounded<bool>(1);

    /// <summary>A turn that is free.</summary>
    public Turn() => End();

    /// <summary>Waits until it is the caller's turn.</summary>
    public async Task BeginAsync(CancellationToken stop) => _ = await _free.Reader.ReadAsync(stop);

    /// <summary>Ends the caller's turn.</summary>
    public void End() => _free.Writer.TryWrite(true);
}
