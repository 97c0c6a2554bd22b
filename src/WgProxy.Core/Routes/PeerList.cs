using System.Runtime.InteropServices;
using WgProxy.Core.Protocol;

namespace WgProxy.Core.Routes;

/// <summary>
/// The public keys of clients that a server's operator has listed, each with a stable id. The mac1 of a server's response and of its
/// initiation is keyed by the client's public key, so it tells which of them is meant. A list never changes, so any thread may read it: a
/// reload makes the next one from the one before, and publishes it with the route's settings.
/// </summary>
public sealed class PeerList
{
    // Rising, so that an id is found by halving.
    private readonly PeerId[] _ids;
    private readonly PublicKey[] _keys;
    private readonly Mac1[] _checks;
    private readonly PeerRate[] _rates;
    private readonly Mac1Set _set = new();
    private readonly uint _next;

    // Where a key stands, and a mark: a restored mapping and a changed file ask for one after the other.
    private readonly Dictionary<PublicKey, int> _byKey = [];
    private readonly Dictionary<ulong, int> _byMark = [];

    private PeerList(IReadOnlyList<Entry> peers, uint next)
    {
        _ids = [.. peers.Select(peer => peer.Id)];
        _keys = [.. peers.Select(peer => peer.Key)];
        _checks = [.. peers.Select(peer => peer.Check)];
        _rates = [.. peers.Select(peer => peer.Rate)];
        _next = next;
        HasRates = Array.Exists(_rates, rate => !rate.Rate.IsUnlimited);
        for (int position = 0; position < _checks.Length; position++)
        {
            _set.Put(position, _checks[position]);
            _byKey.Add(_keys[position], position);
            _ = _byMark.TryAdd(MarkOf(_keys[position]), position);
        }
    }

    /// <summary>A list without peers.</summary>
    public static PeerList Empty { get; } = new([], 1);

    /// <summary>How many peers are listed.</summary>
    public int Count => _ids.Length;

    /// <summary>Whether any of them has a rate.</summary>
    public bool HasRates { get; }

    /// <summary>The ids, rising.</summary>
    public IReadOnlyList<PeerId> Ids => _ids;

    /// <summary>A first list of these keys, with the ids 1, 2, 3, …</summary>
    /// <exception cref="ArgumentException">A key is listed twice.</exception>
    public static PeerList Of(IEnumerable<PublicKey> keys) => Empty.With(keys);

    /// <summary>The list that follows this one: exactly these keys, without rates. Those that are here keep their ids; others get new
    /// ones. If nothing differs, it is this one.</summary>
    /// <exception cref="ArgumentException">A key is listed twice.</exception>
    public PeerList With(IEnumerable<PublicKey> keys) => With(keys.Select(key => new ListedPeer(key)));

    /// <summary>The list that follows this one: exactly these peers. Those that are here keep their ids, and what they have carried of
    /// their rates; others get new ones. If nothing differs, it is this one.</summary>
    /// <exception cref="ArgumentException">A key is listed twice.</exception>
    public PeerList With(IEnumerable<ListedPeer> listed)
    {
        uint next = _next;
        HashSet<PublicKey> seen = [];
        List<Entry> peers = [];
        bool differs = false;
        foreach (ListedPeer peer in listed)
        {
            if (!seen.Add(peer.Key))
            {
                throw new ArgumentException($"The key {peer.Key} is listed twice.", nameof(listed));
            }

            if (!_byKey.TryGetValue(peer.Key, out int position))
            {
                peers.Add(new Entry(new PeerId(next++), peer.Key, new Mac1(peer.Key), new PeerRate(peer.Rate, null)));
                continue;
            }

            PeerRate former = _rates[position];
            differs |= former.Rate != peer.Rate;
            peers.Add(new Entry(_ids[position], peer.Key, _checks[position], former.Rate == peer.Rate ? former : new PeerRate(peer.Rate, former)));
        }

        if (!differs && next == _next && peers.Count == Count)
        {
            return this;
        }

        peers.Sort((left, right) => left.Id.Value.CompareTo(right.Id.Value));
        return new PeerList(peers, next);
    }

    /// <summary>The id of the peer with this key; the default if it is not listed.</summary>
    public PeerId Find(PublicKey key) => _byKey.TryGetValue(key, out int position) ? _ids[position] : default;

    /// <summary>The key of a peer; null if it is not listed, or no longer.</summary>
    public PublicKey? KeyOf(PeerId peer) => PositionOf(peer) is >= 0 and int position ? _keys[position] : null;

    /// <summary>Where in the list a peer stands; -1 if nowhere.</summary>
    internal int PositionOf(PeerId peer)
    {
        int low = 0;
        int high = _ids.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            if (_ids[middle] == peer)
            {
                return middle;
            }

            (low, high) = _ids[middle].Value < peer.Value ? (middle + 1, high) : (low, middle - 1);
        }

        return -1;
    }

    /// <summary>The rate of a peer; unlimited if it is not listed, or no longer.</summary>
    public Rate RateOf(PeerId peer) => PositionOf(peer) is >= 0 and int position ? _rates[position].Rate : Rate.Unlimited;

    /// <summary>The rate of the peer at a position.</summary>
    internal PeerRate RateAt(int position) => _rates[position];

    /// <summary>Whether the mac1 of a server's message is made for the peer at a position.</summary>
    internal bool IsFor(int position, ReadOnlySpan<byte> message) => _checks[position].Verify(message);

    /// <summary>The position of the peer for which a server's message is made; -1 if it is for none.</summary>
    internal int Match(ReadOnlySpan<byte> message, IMac1Matcher matcher) => _set.Match(message, matcher);

    /// <summary>What a look at all of them costs at the most, in steps of eight keys.</summary>
    internal int Steps => _set.Steps;

    /// <summary>By what a record names a peer: eight bytes of its key. They tell the listed keys apart, and are not enough to make a mac1;
    /// who reads a record learns no client's key. Zero for no peer.</summary>
    internal ulong MarkOf(PeerId peer) => KeyOf(peer) is PublicKey key ? MarkOf(key) : 0;

    /// <summary>The peer that a record names so; the default if it is not listed.</summary>
    internal PeerId FindMarked(ulong mark) => mark != 0 && _byMark.TryGetValue(mark, out int position) ? _ids[position] : default;

    private static ulong MarkOf(PublicKey key) => MemoryMarshal.Read<ulong>(key.Bytes);

    private readonly record struct Entry(PeerId Id, PublicKey Key, Mac1 Check, PeerRate Rate);
}
