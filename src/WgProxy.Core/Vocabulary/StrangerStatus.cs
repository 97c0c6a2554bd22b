namespace WgProxy.Core.Vocabulary;

/// <summary>What there is to say of a source whose initiations opened no mapping: pure data. Nothing of it is authenticated. Anyone can
/// send under any address.</summary>
public struct StrangerStatus
{
    /// <summary>The address that sent, and the local address it sent to.</summary>
    public Source Source;

    /// <summary>Why its last initiation was refused.</summary>
    public Verdict Verdict;

    /// <summary>The server that the last initiation was made for; the default if it was made for none of the relay's servers.</summary>
    public RouteId Route;

    /// <summary>How many initiations were refused since <see cref="First"/>.</summary>
    public int Times;

    /// <summary>When the first of them came.</summary>
    public Tick First;

    /// <summary>When the last of them came.</summary>
    public Tick Last;
}
