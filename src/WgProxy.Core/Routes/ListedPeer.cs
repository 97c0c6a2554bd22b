using WgProxy.Core.Protocol;

namespace WgProxy.Core.Routes;

/// <summary>A client that the operator has listed.</summary>
/// <param name="Key">Its public key.</param>
/// <param name="Rate">How much data may pass to and from it, by all of its tunnels together.</param>
public readonly record struct ListedPeer(PublicKey Key, Rate Rate = default);
