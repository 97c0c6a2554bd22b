using System.Net;
using WgProxy.Core;

namespace WgProxy;

internal sealed class PortableEngine(EngineSettings settings) : IEngine
{
    private readonly RelayCounters _c = new();
    private System.Net.Sockets.Socket? _s;
    public IReadOnlyList<IPEndPoint> Listening => _s is null ? [] : [(IPEndPoint)_s.LocalEndPoint!];
    public void Start()
    {
        _s = new(settings.Listen.AddressFamily, System.Net.Sockets.SocketType.Dgram, System.Net.Sockets.ProtocolType.Udp);
        try { _s.Bind(settings.Listen); }
        catch (System.Net.Sockets.SocketException e) { throw new EngineException(e.Message, e); }
    }
    public void Stop() => _s?.Dispose();
    public IReadOnlyDictionary<string, long> ReadCounters() => _c.ToDictionary();
    public void Dispose() => Stop();
}
