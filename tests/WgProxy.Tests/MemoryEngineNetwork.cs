using System.Net;
using System.Net.Sockets;

namespace WgProxy.Tests;

/// <summary>A network without a kernel: sockets are call-backs by address. It loses nothing and reports nothing: what
/// is sent to an address that nobody has is gone.</summary>
internal sealed class MemoryEngineNetwork
{
    private readonly Dictionary<IPEndPoint, Receiver> _sockets = [];
    private readonly Dictionary<IPAddress, IPAddress> _paths = [];
    private int _nextPort = 20_000;

    /// <summary>Takes a run for an address: one or more datagrams, each as long as the stride, the last maybe shorter.
    /// </summary>
    internal delegate void Receiver(ReadOnlySpan<byte> run, int stride, IPEndPoint from);

    /// <summary>Binds an address; port 0 draws one that no address has.</summary>
    public IPEndPoint Bind(IPAddress address, int port, Receiver receiver)
    {
        IPEndPoint bound = new(address, port == 0 ? _nextPort++ : port);
        _sockets.Add(bound, receiver);
        return bound;
    }

    /// <summary>Which address this host sends from to a server.</summary>
    public IPAddress LocalFor(IPEndPoint server) => _paths.GetValueOrDefault(
        server.Address, server.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback);

    /// <summary>From now on it is another one.</summary>
    public void ChangePath(IPAddress to, IPAddress from) => _paths[to] = from;

    /// <summary>Whether a socket has the address.</summary>
    public bool IsBound(IPAddress address, int port) => _sockets.ContainsKey(new IPEndPoint(address, port));

    /// <summary>Closes a socket.</summary>
    public void Close(IPEndPoint bound) => _sockets.Remove(bound);

    /// <summary>Delivers a run at once.</summary>
    public void Send(ReadOnlySpan<byte> run, int stride, IPEndPoint from, IPEndPoint to)
    {
        if (_sockets.TryGetValue(to, out Receiver? receiver))
        {
            receiver(run, stride, from);
        }
    }
}
