using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Tests;

namespace WgProxy.Core.Tests.Routes;

public sealed class PeerListTests
{
    private readonly PublicKey[] _keys = [.. Peer.Some(6).Select(peer => peer.Key)];

    [Fact]
    public void Keys_that_stay_keep_their_ids_and_no_id_is_used_again()
    {
        PeerList first = PeerList.Of(_keys[..3]);
        Assert.Equal([1U, 2U, 3U], first.Ids.Select(id => id.Value));
        PeerList second = first.With([_keys[5], _keys[2], _keys[0]]);
        Assert.Equal([1U, 3U, 4U], second.Ids.Select(id => id.Value));
        Assert.Equal(_keys[5], second.KeyOf(new PeerId(4)));
        Assert.Null(second.KeyOf(new PeerId(2)));
        Assert.Equal(default, second.Find(_keys[1]));
        PeerList third = second.With(_keys);
        Assert.Equal(new PeerId(5), third.Find(_keys[1]));
        Assert.Equal(new PeerId(4), third.Find(_keys[5]));
        Assert.Equal(3, first.Count);
        Assert.Same(third, third.With(_keys.Reverse()));
        Assert.NotSame(third, third.With(_keys[1..]));
    }

    [Fact]
    public void Every_peer_is_found_by_its_id_by_its_mark_and_by_what_the_server_makes_for_it()
    {
        PeerList list = PeerList.Of(_keys).With(_keys[2..]).With(_keys);
        foreach (PublicKey key in _keys)
        {
            PeerId peer = list.Find(key);
            Assert.Equal(key, list.KeyOf(peer));
            Assert.Equal(peer, list.FindMarked(list.MarkOf(peer)));
            Assert.Equal(list.PositionOf(peer), list.Match(WireMessages.Response(1, 2, new Mac1(key)), Mac1Matchers.Best));
            Assert.True(list.IsFor(list.PositionOf(peer), WireMessages.Initiation(new Mac1(key), 1)));
        }

        Assert.Equal(-1, list.Match(WireMessages.Response(1, 2, new Peer().Mac1), Mac1Matchers.Best));
        Assert.Equal(default, list.FindMarked(0));
        Assert.Equal(0UL, list.MarkOf(default));
    }

    [Fact]
    public void A_rate_is_a_peers_and_another_makes_another_list_that_shares_what_was_carried()
    {
        PeerList first = PeerList.Empty.With([new ListedPeer(_keys[0], new Rate(1, 2)), new ListedPeer(_keys[1])]);
        Assert.True(first.HasRates);
        Assert.Equal((new Rate(1, 2), default, default), (first.RateOf(new PeerId(1)), first.RateOf(new PeerId(2)), first.RateOf(new PeerId(3))));
        Assert.Same(first, first.With([new ListedPeer(_keys[1]), new ListedPeer(_keys[0], new Rate(1, 2))]));
        PeerList second = first.With([new ListedPeer(_keys[0], new Rate(1, 3)), new ListedPeer(_keys[1])]);
        Assert.NotSame(first, second);
        Assert.Equal(new Rate(1, 3), second.RateOf(second.Find(_keys[0])));
        second.RateAt(0).Carried(Direction.Downlink).Take(100, 1_000, 10_000, new Tick(5));
        Assert.Equal(9_890, first.RateAt(0).Carried(Direction.Downlink).Take(10, 1_000, 10_000, new Tick(5)));
        Assert.False(second.With(_keys).HasRates);
    }

    [Fact]
    public void A_key_is_listed_once() => Assert.Throws<ArgumentException>(() => PeerList.Of([_keys[0], _keys[1], _keys[0]]));
}
