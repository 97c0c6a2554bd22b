using System.Net;

namespace WgProxy.Core.Engine;

/// <summary>What upstream sockets are bound to, beside their ports: which way what is sent to servers leaves this host. An engine
/// that cannot do all of it refuses to start, and says which part.</summary>
public sealed record UpstreamBinding
{
    /// <summary>The source addresses. Each mapping draws one of its server's IP version. An IP version without any is not used. Empty if
    /// the system is to choose.</summary>
    public IReadOnlyList<IPNetwork> Addresses { get; init; } = [];

    /// <summary>The mark by which the system's routing rules know the packets (fwmark); 0 for none.</summary>
    public uint Mark { get; init; }

    /// <summary>The interface, or VRF, by which packets leave and come back; null if the system is to choose.</summary>
    public string? Device { get; init; }

    /// <summary>Whether the system chooses everything.</summary>
    public bool IsNone => Addresses.Count == 0 && Mark == 0 && Device is null;
}
