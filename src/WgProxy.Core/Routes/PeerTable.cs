using WgProxy.Core.Protocol;

namespace WgProxy.Core.Routes;

/// <summary>What one relay keeps of one route's peers: the list as it was last told of it, and what it has counted for each. The relay's
/// thread alone writes it.</summary>
internal sealed class PeerTable
{
    private readonly IMac1Matcher _matcher;
    private PeerStatus[] _counted;

    /// <summary>A table of these peers.</summary>
    public PeerTable(PeerList list, IMac1Matcher matcher)
    {
        (List, _matcher) = (list, matcher);
        _counted = Count(list);
    }

    /// <summary>The peers.</summary>
    public PeerList List { get; private set; }

    /// <summary>Whether no peer is listed: then nothing is compared.</summary>
    public bool IsEmpty => _counted.Length == 0;

    /// <summary>What a look at all of them costs at the most, in steps of eight keys.</summary>
    public int Steps => List.Steps;

    /// <summary>How many keys have been compared alone, and how many steps at all of them were taken at the most.</summary>
    public (long Alone, long Steps) Compared { get; private set; }

    /// <summary>Another list is published. What was counted for peers that stay is kept.</summary>
    public void Follow(PeerList list)
    {
        if (list == List)
        {
            return;
        }

        PeerStatus[] counted = Count(list);
        foreach (PeerStatus peer in _counted)
        {
            if (list.PositionOf(peer.Peer) is >= 0 and int position)
            {
                counted[position] = peer;
            }
        }

        (List, _counted) = (list, counted);
    }

    /// <summary>Whether the peer is listed.</summary>
    public bool Has(PeerId peer) => List.PositionOf(peer) >= 0;

    /// <summary>The rate of a peer; null if none has one, or this one is not listed.</summary>
    public PeerRate? RateOf(PeerId peer) =>
        List.HasRates && peer != default && List.PositionOf(peer) is >= 0 and int position ? List.RateAt(position) : null;

    /// <summary>Whether a server's handshake message is made for this peer.</summary>
    public bool IsFor(PeerId peer, ReadOnlySpan<byte> message)
    {
        int position = peer == default ? -1 : List.PositionOf(peer);
        Compared = (Compared.Alone + (position < 0 ? 0 : 1), Compared.Steps);
        return position >= 0 && List.IsFor(position, message);
    }

    /// <summary>The peer for which a server's handshake message is made; the default if it is for none.</summary>
    public PeerId Match(ReadOnlySpan<byte> message)
    {
        Compared = (Compared.Alone, Compared.Steps + Steps);
        return List.Match(message, _matcher) is >= 0 and int position ? List.Ids[position] : default;
    }

    /// <summary>The server answered the peer.</summary>
    public void CountHandshake(PeerId peer)
    {
        if (List.PositionOf(peer) is >= 0 and int position)
        {
            _counted[position].Handshakes++;
        }
    }

    /// <summary>Adds traffic to what was counted for the peer. Of one that is no longer listed, nothing is kept.</summary>
    public void Add(PeerId peer, in PeerStatus traffic)
    {
        if (List.PositionOf(peer) is >= 0 and int position)
        {
            _counted[position].Add(traffic);
        }
    }

    /// <summary>What was counted for a peer; nothing if it is not listed.</summary>
    public PeerStatus this[PeerId peer] => List.PositionOf(peer) is >= 0 and int position ? _counted[position] : new PeerStatus { Peer = peer };

    private static PeerStatus[] Count(PeerList list) => [.. list.Ids.Select(peer => new PeerStatus { Peer = peer })];
}
