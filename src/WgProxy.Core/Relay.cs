using WgProxy.Core.Mappings;

namespace WgProxy.Core;

/// <summary>Skeleton.</summary>
public sealed class Relay
{
    /// <summary>x</summary>
    public Relay(RelaySettings settings, IReadOnlyList<Route> routes)
    {
        _ = settings;
        _ = routes;
    }

    private readonly List<RelayEvent> _e = [];

    /// <summary>Everything this relay counts.</summary>
    public RelayCounters Counters { get; } = new();

    /// <summary>Changes since the last <see cref="ClearEvents"/>, in order. The engine handles them after every call.</summary>
    public ReadOnlySpan<RelayEvent> Events => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_e);

    /// <summary>The client that owns a slot.</summary>
    public Source SourceOf(int slot) => throw new NotSupportedException();

    /// <summary>The route a slot belongs to.</summary>
    public Route RouteOf(int slot) => throw new NotSupportedException();

    /// <summary>Decides about the beginning of a run that a client sent.</summary>
    public Decision FromClient(ReadOnlySpan<byte> run, int stride, in Source source, Tick now) => throw new NotSupportedException();

    /// <summary>Decides about the beginning of a run that the server sent to a slot's port.</summary>
    public Decision FromServer(int slot, ReadOnlySpan<byte> run, int stride, Tick now) => throw new NotSupportedException();

    /// <summary>The engine opened the slot's upstream socket, with this local port.</summary>
    public void Opened(int slot, ushort port) => throw new NotSupportedException();

    /// <summary>The engine could not open the slot's upstream socket: the mapping is gone, the slot free.</summary>
    public void OpenFailed(int slot) => throw new NotSupportedException();

    /// <summary>The engine closed the socket of an ended mapping: the slot may serve another.</summary>
    public void Release(int slot) => throw new NotSupportedException();

    /// <summary>Lets deadlines pass. Returns the next one. Ends at most a bounded number of mappings per call; if more
    /// are due, the returned instant is not later than <paramref name="now"/>.</summary>
    public Tick Advance(Tick now) => throw new NotSupportedException();

    /// <summary>Forgets the events handled.</summary>
    public void ClearEvents() => _e.Clear();
}
