using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests.Model;

/// <summary>The clients that routes of a sequence may list, by number. A list is written as a number: a bit for each peer, and one more for
/// a route that serves those only.</summary>
internal static class ReferencePeers
{
    public const int Count = 4;

    public const int Only = 1 << Count;

    private static readonly Peer[] All = Peer.Some(Count);

    public static Mac1 Mac1Of(int number) => All[number].Mac1;

    public static Mac1 Mac1Of(PublicKey key) => All.Single(peer => peer.Key.Equals(key)).Mac1;

    /// <summary>The settings that follow these, with other peers.</summary>
    public static RouteSettings Enroll(RouteSettings settings, int mask) => settings with
    {
        Peers = settings.Peers.With(Enumerable.Range(0, Count).Where(number => (mask >> number & 1) != 0).Select(number => All[number].Key)),
        PeersOnly = (mask & Only) != 0,
    };
}
