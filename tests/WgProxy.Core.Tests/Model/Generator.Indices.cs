namespace WgProxy.Core.Tests.Model;

// Several servers behind one relay, which choose indices independently.
internal sealed partial class Generator
{
    /// <summary>The servers of all routes choose one index; then their clients move, some to one place, and the servers follow, or not.
    /// With several workers the places often belong to two of them.</summary>
    private IEnumerable<Step> SharedIndex()
    {
        uint server = NewServer();
        Dictionary<int, uint> clients = _both.Routes.Listed.ToDictionary(route => route, _ => NewClient());
        foreach (int route in clients.Keys)
        {
            int home = AnySource();
            yield return Step.Client(home, Ask(route, clients[route]));
            if (_both.Last == Verdict.Reply)
            {
                yield return Step.Client(home, Ask(route, clients[route], "ours"));
            }

            yield return Step.Server(home, route, Message.Answer(-1, server, clients[route]));
            yield return Step.Client(home, Message.Data(server));
        }

        int follows = Pick(0, 1, 2);
        for (int moves = _random.Next(2, 10); moves > 0; moves--)
        {
            (int source, int route) = (AnySource(), AnyRoute());
            if (!clients.ContainsKey(route))
            {
                continue;
            }

            for (int packets = _random.Next(1, 4); packets > 0; packets--)
            {
                yield return Step.Client(source, Message.Data(server));
                yield return Step.Wait(Pick(0, 1, 20));
            }

            if (_random.Next(2) < follows)
            {
                yield return Step.Server(source, route, Message.Data(clients[route]));
                yield return Step.Client(source, Message.Data(server));
            }

            if (_random.Next(8) == 0)
            {
                yield return Step.Server(source, route, Message.Ask(-1, server));
                yield return Step.Client(AnySource(), Message.Answer(AnyRoute(), clients[route], server));
            }
        }
    }

    /// <summary>One socket has tunnels with several servers. Some of them speak, and then it sends what no server here explains.</summary>
    private IEnumerable<Step> TwoServers()
    {
        int source = AnySource();
        foreach (Step step in _both.Routes.Listed.ToArray().SelectMany(route => Prove(source, route)))
        {
            yield return step;
        }

        for (int rounds = _random.Next(1, 5); rounds > 0; rounds--)
        {
            if (AnyMapping(mapping => NumberOf(mapping) == source) is ReferenceMapping uplink)
            {
                yield return Step.Client(source, Message.Data(ServerIndexOf(uplink)));
            }

            yield return Step.Wait(Pick(0, 1, 20));
            if (AnyMapping(mapping => NumberOf(mapping) == source) is ReferenceMapping downlink)
            {
                yield return Step.Server(source, downlink.Route, Message.Data(ClientIndexOf(downlink)));
            }

            yield return Step.Client(source, Message.Data(0x99, AnyLength()));
        }
    }
}
