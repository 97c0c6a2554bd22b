using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>A longer way between a host and a relay: what one sends to the line's address reaches the other after a fixed time, both ways,
/// in order, and nothing is lost for want of room.</summary>
internal sealed class DelayLine : IDisposable
{
    private const int Room = 16 << 20;

    private readonly Socket _near;
    private readonly Socket _far;
    private readonly TimeSpan _each;
    private volatile EndPoint? _client;

    /// <summary>Begins.</summary>
    /// <param name="space">The host's namespace.</param>
    /// <param name="to">Where the line leads.</param>
    /// <param name="each">How long it takes each way.</param>
    public DelayLine(Namespace space, IPEndPoint to, TimeSpan each)
    {
        _each = each;
        _near = space.Udp(IPAddress.Loopback);
        _far = space.Udp(IPAddress.Any);
        _far.Connect(to);
        foreach (Socket socket in new[] { _near, _far })
        {
            (socket.ReceiveBufferSize, socket.SendBufferSize) = (Room, Room);
        }

        Begin("up", Receive, datagram => _far.Send(datagram));
        Begin("down", buffer => _far.Receive(buffer), datagram => _near.SendTo(datagram, _client!));
    }

    /// <summary>Where the host finds its beginning.</summary>
    public IPEndPoint Address => (IPEndPoint)_near.LocalEndPoint!;

    /// <inheritdoc/>
    public void Dispose()
    {
        _near.Dispose();
        _far.Dispose();
    }

    private int Receive(byte[] buffer)
    {
        EndPoint from = _client ?? new IPEndPoint(IPAddress.Any, 0);
        int length = _near.ReceiveFrom(buffer, ref from);
        _client = from;
        return length;
    }

    private void Begin(string name, Func<byte[], int> receive, Action<byte[]> send)
    {
        BlockingCollection<(long Due, byte[] Datagram)> under = [];
        new Thread(() => UntilDisposed(() =>
        {
            byte[] buffer = new byte[2_048];
            while (true)
            {
                int length = receive(buffer);
                under.Add((Stopwatch.GetTimestamp() + (long)(_each.TotalSeconds * Stopwatch.Frequency), buffer[..length]));
            }
        })) { IsBackground = true, Name = $"{name} in" }.Start();
        new Thread(() => UntilDisposed(() =>
        {
            foreach ((long due, byte[] datagram) in under.GetConsumingEnumerable())
            {
                for (long left = due - Stopwatch.GetTimestamp(); left > 0; left = due - Stopwatch.GetTimestamp())
                {
                    Thread.Sleep((int)(1_000 * left / Stopwatch.Frequency));
                }

                send(datagram);
            }
        })) { IsBackground = true, Name = $"{name} out" }.Start();
    }

    private static void UntilDisposed(Action loop)
    {
        try
        {
            loop();
        }
        catch (Exception end) when (end is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
