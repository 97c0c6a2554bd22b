using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests.Model;

// Clients that routes list by their keys.
internal sealed partial class Generator
{
    /// <summary>Routes list some peers, or others than before; some serve those only.</summary>
    private IEnumerable<Step> Enroll()
    {
        foreach (int route in _both.Routes.Listed.ToArray())
        {
            if (_random.Next(3) > 0)
            {
                int peers = _random.Next(ReferencePeers.Only);
                bool isOnly = _random.Next(3) == 0;
                yield return new Step("enroll", route, peers | (isOnly ? ReferencePeers.Only : 0) | ((peers & 8) != 0 ? ReferencePeers.Rated : 0));
                yield return Between(route);
                foreach (Step step in Told(route))
                {
                    yield return step;
                }
            }
        }
    }

    /// <summary>What servers make, they make for someone: mostly for the client that the source is, seldom for none that can be listed.
    /// </summary>
    private Step ForPeers(Step step) => step.Kind is not "server" ? step : step with
    {
        Run = [.. step.Run.Select(message => message.Kind is "ask" or "answer" && message.Peer < 0 ? message with { Peer = AnyPeer(step.Number) } : message)],
    };

    private int AnyPeer(int source) => _random.Next(8) switch
    {
        0 => -1,
        < 3 => _random.Next(ReferencePeers.Count),
        _ => source % ReferencePeers.Count,
    };
}
