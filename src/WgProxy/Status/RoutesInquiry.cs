using WgProxy.Core.Engine;
using WgProxy.Core.Routes;
using WgProxy.Serving;

namespace WgProxy.Status;

/// <summary>Asks an engine for the figures of all servers by one query, whatever their number.</summary>
/// <param name="inquiry">Asks the engine.</param>
/// <param name="servers">The servers, as they are served now.</param>
internal sealed class RoutesInquiry(EngineInquiry inquiry, Func<IReadOnlyList<Served>> servers)
{
    // Room for the answer, one with the servers' peers and one without: counting peers takes a look at every mapping. Made anew where servers
    // or peers are others by now; two askers that make it at once make the same.
    private RoutesRoom? _alone;
    private RoutesRoom? _withPeers;

    /// <summary>Asks once.</summary>
    /// <param name="withPeers">Whether figures of peers are wanted too.</param>
    /// <param name="read">Takes what is wanted out of the answer, which is the next asker's afterwards.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>What was read; null if the engine did not answer in time, or too many ask.</returns>
    public Task<T?> AskAsync<T>(bool withPeers, Func<RoutesRoom, EngineQuery, T> read, CancellationToken stop)
        where T : class
    {
        RoutesRoom room = RoomFor(servers(), withPeers);
        return inquiry.AskAsync(new Question { Routes = room.Figures }, query => read(room, query), stop);
    }

    private RoutesRoom RoomFor(IReadOnlyList<Served> now, bool withPeers)
    {
        ref RoutesRoom? kept = ref withPeers ? ref _withPeers : ref _alone;
        RoutesRoom? room = Volatile.Read(ref kept);
        if (room is null || !room.Fits(now, withPeers))
        {
            room = RoutesRoom.For(now, withPeers);
            Volatile.Write(ref kept, room);
        }

        return room;
    }
}

/// <summary>Servers, and room for their figures in the same order.</summary>
/// <param name="Servers">The servers.</param>
/// <param name="Peers">The peers of each whose figures are wanted.</param>
/// <param name="Figures">The room.</param>
internal sealed record RoutesRoom(IReadOnlyList<Served> Servers, IReadOnlyList<PeerList> Peers, RouteFigures Figures)
{
    /// <summary>Room for these.</summary>
    public static RoutesRoom For(IReadOnlyList<Served> servers, bool withPeers)
    {
        PeerList[] peers = [.. servers.Select(served => withPeers ? served.Route.Settings.Peers : PeerList.Empty)];
        return new RoutesRoom(servers, peers, new RouteFigures([.. servers.Select((served, place) => (served.Id, peers[place]))]));
    }

    /// <summary>Whether it is room for these.</summary>
    public bool Fits(IReadOnlyList<Served> now, bool withPeers)
    {
        if (ReferenceEquals(now, Servers) && !withPeers)
        {
            return true;
        }

        bool fits = now.Count == Servers.Count;
        for (int place = 0; place < now.Count && fits; place++)
        {
            fits = ReferenceEquals(now[place], Servers[place]) && (!withPeers || now[place].Route.Settings.Peers == Peers[place]);
        }

        return fits;
    }
}
