using System.Net;
using WgProxy.Core.Protocol;

namespace WgProxy.Core;

/// <summary>A server: the public key that admits its clients, and where its datagrams go.</summary>
public sealed class Route
{
    private IPEndPoint? _server;

    /// <summary>A route to the server with this key. Its address is published later.</summary>
    public Route(PublicKey key)
    {
        Key = key;
        Mac1 = new Mac1(key);
    }

    /// <summary>The server's public key, the only key the relay ever knows.</summary>
    public PublicKey Key { get; }

    /// <summary>The check that its clients' initiations must pass.</summary>
    public Mac1 Mac1 { get; }

    /// <summary>The server's newest address; null until its name has been resolved for the first time. Published by the
    /// resolver, read by engines when they open a mapping; a value once published is never changed in place.</summary>
    public IPEndPoint? Server
    {
        get => Volatile.Read(ref _server);
        set => Volatile.Write(ref _server, value);
    }
}
