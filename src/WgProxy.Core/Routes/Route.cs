using System.Net;
using WgProxy.Core.Containers;
using WgProxy.Core.Engine;
using WgProxy.Core.Protocol;

namespace WgProxy.Core.Routes;

/// <summary>A server: the public key that admits its clients, and its addresses.</summary>
public sealed class Route
{
    private IReadOnlyList<IPEndPoint> _addresses = [];
    private RouteSettings _settings = RouteSettings.Default;

    // What has passed of the server's rate, whichever relay let it pass.
    private ByteBucket _up;
    private ByteBucket _down;

    /// <summary>A route to the server with this key. Its addresses are published later.</summary>
    public Route(PublicKey key)
    {
        Key = key;
        Mac1 = new Mac1(key);
    }

    /// <summary>The server's public key, the only key the relay ever knows.</summary>
    public PublicKey Key { get; }

    /// <summary>The check that its clients' initiations must pass.</summary>
    internal Mac1 Mac1 { get; }

    /// <summary>The server's addresses, best first; empty until its name has been resolved for the first time. A published
    /// list never changes.</summary>
    public IReadOnlyList<IPEndPoint> Addresses => Volatile.Read(ref _addresses);

    /// <summary>The best of the server's addresses, where new mappings go; null while there is none. To set it is to publish it as
    /// the only one.</summary>
    public IPEndPoint? Server
    {
        get => Addresses is [IPEndPoint best, ..] ? best : null;
        set => Publish(value is null ? [] : [value]);
    }

    /// <summary>The limits of the server's clients. Setting it publishes it. Relays apply it once a command tells them that the route
    /// changed.</summary>
    public RouteSettings Settings
    {
        get => Volatile.Read(ref _settings);
        set => Volatile.Write(ref _settings, value);
    }

    /// <summary>Publishes the server's addresses, best first. New mappings go by them at once; engines learn of it for those that
    /// exist by <see cref="EngineCommand.RouteChanged"/>. One thread at a time.</summary>
    public void Publish(IReadOnlyList<IPEndPoint> addresses) => Volatile.Write(ref _addresses, [.. addresses]);

    /// <summary>What all relays of the route share of its rate in one direction.</summary>
    internal ref ByteBucket Carried(Direction direction) => ref direction == Direction.Uplink ? ref _up : ref _down;
}
