using System.Security.Cryptography;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

/// <summary>A client as its server knows it: by its public key, with which the server makes the mac1 of what it sends to it.</summary>
internal sealed class Peer
{
    public Peer()
    {
        Assert.True(PublicKey.TryParse(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)), out PublicKey? key, out _));
        (Key, Mac1) = (key, new Mac1(key));
    }

    public PublicKey Key { get; }

    public Mac1 Mac1 { get; }

    public static Peer[] Some(int count) => [.. Enumerable.Range(0, count).Select(_ => new Peer())];

    /// <summary>A driver of a relay with one route, whose peers these are.</summary>
    public static RelayDriver Driver(IEnumerable<Peer> peers, bool only = false, RelaySettings? settings = null)
    {
        Route route = RelayDriver.NewRoute();
        route.Settings = new RouteSettings { Peers = PeerList.Of(peers.Select(peer => peer.Key)), PeersOnly = only };
        return new RelayDriver([route], settings);
    }

    public byte[] Answer(uint server, uint client) => WireMessages.Response(server, client, Mac1);

    public byte[] Asked(uint server) => WireMessages.Initiation(Mac1, server);

    /// <summary>The id by which the driver's first route lists it.</summary>
    public PeerId In(RelayDriver driver) => driver.Routes[0].Settings.Peers.Find(Key);
}
