using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Admission;

namespace WgProxy.Portable;

/// <summary>
/// Answers unproven clients. What waits in the system for strangers takes nothing of the buffer for proven
/// clients: strangers have small sockets of their own (<see cref="StrangerSpread"/>). Where the system allows only one socket,
/// it sends a limited number of cookie replies a second. Called under the engine's lock.
/// </summary>
/// <param name="sockets">The sockets; empty where there are none.</param>
/// <param name="spread">Chooses the socket for a client.</param>
internal sealed class PortableEngineStrangers(IReadOnlyList<Socket> sockets, StrangerSpread spread)
{
    private readonly ReplyPace _pace = new();

    /// <summary>Sends what the server answered; false if there is no room.</summary>
    /// <param name="datagram">The datagram.</param>
    /// <param name="source">The client.</param>
    /// <param name="client">The same for the system.</param>
    /// <param name="common">The socket that answers all clients if there are no others.</param>
    /// <param name="now">The instant.</param>
    public bool TrySend(
        ReadOnlySpan<byte> datagram, in Source source, SocketAddress client, PortableEngineListener common, Tick now) =>
        sockets.Count == 0 ? common.TrySend(datagram, client) : TrySendBy(sockets[Of(source, now) % sockets.Count], datagram, client);

    /// <summary>Sends a cookie reply; false if there is no room, or too little time has passed.</summary>
    /// <inheritdoc cref="TrySend"/>
    public bool TryReply(
        ReadOnlySpan<byte> datagram, in Source source, SocketAddress client, PortableEngineListener common, Tick now) =>
        (sockets.Count > 0 || _pace.MayReply(Of(source, now), now)) && TrySend(datagram, source, client, common, now);

    /// <summary>Closes the sockets.</summary>
    public void Close()
    {
        foreach (Socket socket in sockets)
        {
            socket.Dispose();
        }
    }

    private int Of(in Source source, Tick now)
    {
        if (spread.WantsSubnets(now))
        {
            ThreadPool.UnsafeQueueUserWorkItem(static spread => spread.LookUpSubnets(), spread, preferLocal: false);
        }

        return spread.Of(source, now);
    }

    // This asks first, because .NET reports a full buffer by an exception, and in a flood the buffer is mostly full.
    private static bool TrySendBy(Socket socket, ReadOnlySpan<byte> datagram, SocketAddress client)
    {
        try
        {
            return socket.Poll(0, SelectMode.SelectWrite) && socket.SendTo(datagram, SocketFlags.None, client) == datagram.Length;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
