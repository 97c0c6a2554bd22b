using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests.Model;

// Data that is within its rates.
internal sealed partial class ReferenceRelay
{
    /// <summary>How much of the beginning of a run of data shares a fate, and which: datagram by datagram.</summary>
    private (Verdict Verdict, int Datagrams, int Bytes, bool IsCongested) Within(
        Direction direction, ReferenceMapping mapping, ReadOnlyMemory<byte> run, int stride, int datagrams, Tick now, bool isKnown = true)
    {
        RouteSettings limits = SettingsOf(mapping.Route);
        (long ofServer, long ofTunnel) = (limits.Rate.Of(direction), limits.TunnelRate.Of(direction));
        ReferenceRate server = routes.Carried(mapping.Route, direction, rules.RatesArePerRelay ? this : null);
        PeerId named = PeerOf(mapping);
        long ofPeer = named != default && rules.PeersHaveRates ? limits.Peers.RateOf(named).Of(direction) : 0;
        object? owner = rules.PeerRatesArePerTunnel ? mapping.Tunnel : rules.PeerRatesArePerRelay ? this : null;
        ReferenceRate peer = routes.Carried(mapping.Route, direction, owner, named);
        ReferenceRate tunnel = mapping.Tunnel.Carried[(int)direction];
        int[] lengths = [.. Datagrams(run, stride).Take(datagrams).Select(datagram => datagram.Length)];
        bool isProven = mapping.Proof is Proof.Established or Proof.Confirmed;
        bool isFree = (ofServer == 0 && ofTunnel == 0 && ofPeer == 0) || (!isKnown && !rules.UnknownIsLimited) || (!isProven && !rules.ClaimsAreLimited);
        bool isCongested = false;
        (int count, int bytes) = (0, 0);
        foreach (int length in lengths)
        {
            bool isExempt = isFree || (length <= 32 && !rules.KeepalivesAreCharged);
            bool fits = isExempt
                || ((ofServer == 0 || server.Room(ofServer, BurstOf(ofServer), now) >= length)
                    && (ofTunnel == 0 || tunnel.Room(ofTunnel, BurstOf(ofTunnel), now) >= length)
                    && (ofPeer == 0 || peer.Room(ofPeer, BurstOf(ofPeer), now) >= length));
            if (!fits)
            {
                break;
            }

            if (!isExempt)
            {
                server.Take(ofServer == 0 ? 0 : length);
                tunnel.Take(ofTunnel == 0 ? 0 : length);
                peer.Take(ofPeer == 0 ? 0 : length);
                isCongested = (ofServer > 0 && server.Room(ofServer, BurstOf(ofServer), now) < BurstOf(ofServer) / 2)
                    || (ofTunnel > 0 && tunnel.Room(ofTunnel, BurstOf(ofTunnel), now) < BurstOf(ofTunnel) / 2)
                    || (ofPeer > 0 && peer.Room(ofPeer, BurstOf(ofPeer), now) < BurstOf(ofPeer) / 2);
            }

            (count, bytes) = (count + 1, bytes + length);
        }

        // What does not pass is dropped together, but for a shorter one at the end.
        int dropped = lengths.TakeWhile(length => length == lengths[0]).Count();
        return count > 0 ? (Verdict.Forward, count, bytes, isCongested) : (Verdict.OverRate, dropped, dropped * lengths[0], false);
    }

    private long BurstOf(long perSecond) => Math.Max(128 << 10, perSecond * rules.RateBurstTenths / 10);
}
