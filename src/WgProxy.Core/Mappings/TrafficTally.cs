namespace WgProxy.Core.Mappings;

/// <summary>
/// What each mapping has forwarded since it was last asked, from Established on. The relay folds it into what it counts for peers when a
/// mapping leaves its tunnel, when the tunnel turns out to be another peer's, and for a query. So the packet path adds one number for
/// a run, in a row of eight bytes for each slot: eight mappings share a cache line.
/// </summary>
internal sealed class TrafficTally(int slots)
{
    // 32 bits: a mapping that carries data is asked at each handshake, and keys end after 180 s, in which 4,294,967,296 datagrams are 23
    // million a second.
    private readonly Datagrams[] _datagrams = new Datagrams[slots];
    private readonly Before[] _before = new Before[slots];

    /// <summary>Datagrams were forwarded.</summary>
    public void Count(Direction direction, int slot, int datagrams)
    {
        if (direction == Direction.Uplink)
        {
            _datagrams[slot].Uplink += (uint)datagrams;
        }
        else
        {
            _datagrams[slot].Downlink += (uint)datagrams;
        }
    }

    /// <summary>Whether the slot's traffic counts.</summary>
    public bool Counts(int slot) => _before[slot].Counts;

    /// <summary>From now on the slot's traffic counts, if it did not yet.</summary>
    public void Begin(int slot, in Mapping mapping)
    {
        if (!_before[slot].Counts)
        {
            _before[slot].Counts = true;
            Settle(slot, mapping);
        }
    }

    /// <summary>The slot's traffic no longer counts.</summary>
    public void End(int slot) => _before[slot].Counts = false;

    /// <summary>What has passed since it was last asked; nothing if it does not count.</summary>
    public PeerStatus Take(int slot, in Mapping mapping)
    {
        if (!_before[slot].Counts)
        {
            return default;
        }

        PeerStatus traffic = new()
        {
            UplinkDatagrams = _datagrams[slot].Uplink,
            DownlinkDatagrams = _datagrams[slot].Downlink,
            UplinkBytes = mapping.UplinkBytes - _before[slot].UplinkBytes,
            DownlinkBytes = mapping.DownlinkBytes - _before[slot].DownlinkBytes,
            LastSeen = mapping.LastValid,
        };
        Settle(slot, mapping);
        return traffic;
    }

    private void Settle(int slot, in Mapping mapping)
    {
        _datagrams[slot] = default;
        (_before[slot].UplinkBytes, _before[slot].DownlinkBytes) = (mapping.UplinkBytes, mapping.DownlinkBytes);
    }

    private struct Datagrams
    {
        public uint Uplink;
        public uint Downlink;
    }

    private struct Before
    {
        public long UplinkBytes;
        public long DownlinkBytes;
        public bool Counts;
    }
}
