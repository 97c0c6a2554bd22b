namespace WgProxy.Core.Vocabulary;

/// <summary>What there is to say of one peer: pure data. Traffic is what its mappings have forwarded since each was Established, UDP payload
/// only.</summary>
public struct PeerStatus
{
    /// <summary>The peer.</summary>
    public PeerId Peer;

    /// <summary>Its mappings now, those that linger too.</summary>
    public int Mappings;

    /// <summary>Handshakes: responses of the server that were made for it, rekeys included.</summary>
    public long Handshakes;

    /// <summary>Datagrams to the server.</summary>
    public long UplinkDatagrams;

    /// <summary>Datagrams to the peer.</summary>
    public long DownlinkDatagrams;

    /// <summary>Bytes to the server.</summary>
    public long UplinkBytes;

    /// <summary>Bytes to the peer.</summary>
    public long DownlinkBytes;

    /// <summary>When a valid packet last passed, either way; zero if none has.</summary>
    public Tick LastSeen;

    /// <summary>Adds what another relay says of the same peer.</summary>
    internal void Add(in PeerStatus other)
    {
        Mappings += other.Mappings;
        Handshakes += other.Handshakes;
        UplinkDatagrams += other.UplinkDatagrams;
        DownlinkDatagrams += other.DownlinkDatagrams;
        UplinkBytes += other.UplinkBytes;
        DownlinkBytes += other.DownlinkBytes;
        LastSeen = Tick.Max(LastSeen, other.LastSeen);
    }
}
