using WgProxy.Core.Containers;
using WgProxy.Core.Protocol;
using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Core.Routes;

/// <summary>Cuts data to the rates of a server, of its peers and of its tunnels.</summary>
internal static class RateLimits
{
    /// <summary>How much of the beginning of a run passes. What passes is taken from all buckets, what does not from none.</summary>
    /// <param name="route">The route of the run.</param>
    /// <param name="peer">The rate of the peer whose tunnel it is; null if it has none.</param>
    /// <param name="tunnel">What the tunnel has carried in this direction.</param>
    /// <param name="direction">Which way the run goes.</param>
    /// <param name="first">Length of each of its datagrams but the last, which may be shorter.</param>
    /// <param name="bytes">Length of all.</param>
    /// <param name="now">The instant.</param>
    /// <param name="isCongested">Whether a bucket is less than half full: the ends should send less.</param>
    /// <returns>The length of the datagrams that pass; 0 if the first does not.</returns>
    public static int Fit(
        RouteState route, PeerRate? peer, ref ByteBucket tunnel, Direction direction, int first, int bytes, Tick now, out bool isCongested)
    {
        isCongested = false;

        // Keepalives. They show that an end lives, and are too small to matter.
        if (first <= WireGuard.TransportMinimumSize)
        {
            return bytes;
        }

        (int whole, int rest) = Math.DivRem(bytes, first);
        int granted = Grant(route, peer, ref tunnel, direction, whole, first, now, ref isCongested);
        return granted < whole ? granted * first
            : rest <= WireGuard.TransportMinimumSize || Grant(route, peer, ref tunnel, direction, 1, rest, now, ref isCongested) == 1 ? bytes
            : whole * first;
    }

    private static int Grant(
        RouteState route, PeerRate? peer, ref ByteBucket tunnel, Direction direction, int datagrams, int size, Tick now, ref bool isCongested)
    {
        long ofTunnel = route.Settings.TunnelRate.Of(direction);
        long ofServer = route.Settings.Rate.Of(direction);
        long ofPeer = peer?.Rate.Of(direction) ?? 0;

        // First what the tunnel has, and then what the server has, because only the second can go to others meanwhile.
        if (ofTunnel > 0)
        {
            datagrams = tunnel.Fit(datagrams, size, ofTunnel, RateBurst(ofTunnel), now);
        }

        long leftOfPeer = 0;
        int byPeer = datagrams;
        if (ofPeer > 0 && datagrams > 0)
        {
            byPeer = datagrams = peer!.Carried(direction).TakeShared(datagrams, size, ofPeer, RateBurst(ofPeer), now, out leftOfPeer);
        }

        if (ofServer > 0 && datagrams > 0)
        {
            datagrams = route.Route.Carried(direction).TakeShared(datagrams, size, ofServer, RateBurst(ofServer), now, out long left);
            isCongested |= left < RateBurst(ofServer) / 2;
        }

        if (ofPeer > 0 && byPeer > 0)
        {
            long unused = (long)(byPeer - datagrams) * size;
            if (unused > 0)
            {
                peer!.Carried(direction).Return(unused);
            }

            isCongested |= datagrams > 0 && leftOfPeer + unused < RateBurst(ofPeer) / 2;
        }

        if (ofTunnel > 0 && datagrams > 0)
        {
            isCongested |= tunnel.Take((long)datagrams * size, ofTunnel, RateBurst(ofTunnel), now) < RateBurst(ofTunnel) / 2;
        }

        return datagrams;
    }
}
