using System.Net.Sockets;

namespace WgProxy.Portable;

/// <summary>The sockets of one listening address. Where the system lets several share a port and steers datagrams among them
/// (Linux), initiations have a queue of their own, so that a flood of them pushes no data out, and clients that are not proven
/// are answered by small sockets of their own. Elsewhere one socket does it all.</summary>
/// <param name="Data">Gets data, or whatever comes.</param>
/// <param name="Initiations">Gets whatever begins like an initiation; null where there is one socket.</param>
/// <param name="Strangers">By what clients that are not proven are answered; empty where there is one socket.</param>
internal sealed record PortableEngineGroup(Socket Data, Socket? Initiations, IReadOnlyList<Socket> Strangers) : IDisposable
{
    /// <summary>All of them.</summary>
    public IEnumerable<Socket> All => [.. Receiving, .. Strangers];

    /// <summary>Those to read.</summary>
    public IEnumerable<Socket> Receiving => Initiations is null ? [Data] : [Data, Initiations];

    /// <summary>Closes them.</summary>
    public void Dispose()
    {
        foreach (Socket socket in All)
        {
            socket.Dispose();
        }
    }
}
