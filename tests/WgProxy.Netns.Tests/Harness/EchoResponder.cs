using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>Sends every datagram back to where it came from.</summary>
internal sealed class EchoResponder : IDisposable
{
    private readonly Socket _socket;
    private readonly Task _loop;
    private long _seen;

    public EchoResponder(Socket socket)
    {
        _socket = socket;
        _loop = Task.Run(EchoAsync);
    }

    public EchoResponder(WireGuardInterface inside)
        : this(inside.Host.Space.Udp(inside.Inner, 7))
    {
    }

    public IPEndPoint Address => (IPEndPoint)_socket.LocalEndPoint!;

    public long Seen => Volatile.Read(ref _seen);

    public void Dispose()
    {
        _socket.Dispose();
        _loop.Wait(TimeSpan.FromSeconds(5));
    }

    private async Task EchoAsync()
    {
        byte[] buffer = new byte[65_535];
        SocketAddress from = new(_socket.AddressFamily);
        while (true)
        {
            try
            {
                int length = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, from);
                Interlocked.Increment(ref _seen);
                await _socket.SendToAsync(buffer.AsMemory(0, length), SocketFlags.None, from);
            }
            catch (SocketException failure) when (failure.SocketErrorCode != SocketError.OperationAborted)
            {
                // The way back is gone for the moment, as when the tunnel's interface is: that echo is lost.
            }
            catch (Exception end) when (end is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }
}
