using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests.Model;

/// <summary>The clients that routes of a sequence may list, by number. A list is written as a number: a bit for each peer, one more for
/// a route that serves those only, and one if each of them has a rate.</summary>
internal static class ReferencePeers
{
    public const int Count = 4;

    public const int Only = 1 << Count;

    public const int Rated = Only << 1;

    private static readonly Peer[] All = Peer.Some(Count);

    public static Mac1 Mac1Of(int number) => All[number].Mac1;

    public static Mac1 Mac1Of(PublicKey key) => All.Single(peer => peer.Key.Equals(key)).Mac1;

    /// <summary>The settings that follow these, with other peers.</summary>
    public static RouteSettings Enroll(RouteSettings settings, int mask) => settings with
    {
        Peers = settings.Peers.With(
            from number in Enumerable.Range(0, Count)
            where (mask >> number & 1) != 0
            select new ListedPeer(All[number].Key, (mask & Rated) != 0 ? new Rate(150_000, 140_000) : Rate.Unlimited)),
        PeersOnly = (mask & Only) != 0,
    };
}
