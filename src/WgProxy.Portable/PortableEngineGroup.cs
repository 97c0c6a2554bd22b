using System.Net.Sockets;

namespace WgProxy.Portable;

/// <summary>The sockets of one listening address. On Linux several sockets share a port, and the kernel steers datagrams among them.
/// Initiations then have a queue of their own, so that a flood of them pushes no data out. Small sockets of their own answer
/// unproven clients. On other systems one socket does everything.</summary>
/// <param name="Data">Gets data, or everything if it is the only socket.</param>
/// <param name="Initiations">Gets every datagram that begins like an initiation; null if there is one socket.</param>
/// <param name="Strangers">The sockets that answer unproven clients; empty if there is one socket.</param>
internal sealed record PortableEngineGroup(Socket Data, Socket? Initiations, IReadOnlyList<Socket> Strangers) : IDisposable
{
    /// <summary>Whether another process has bound those to read.</summary>
    public bool IsInherited { get; init; }

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
