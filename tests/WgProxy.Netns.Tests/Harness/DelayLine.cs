using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>A longer way between a host and a relay: what one sends to the line's address reaches the other after a fixed time, both ways,
/// in order, and nothing is lost for want of room.</summary>
/// <remarks>One thread a way, which wakes once a millisecond while datagrams are under way and allocates nothing: with a thread to receive, a
/// queue and a thread to send, the line was the first to lack processor time, at 150 Mbit/s.</remarks>
internal sealed class DelayLine : IDisposable
{
    private const int Room = 16 << 20;
    private const int Length = 2_048;
    private const int Slots = 8_192;

    private readonly Socket _near;
    private readonly Socket _far;
    private readonly TimeSpan _each;

    private delegate int Receiver(Span<byte> room);

    private delegate void Sender(ReadOnlySpan<byte> datagram);

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

        SocketAddress client = new(AddressFamily.InterNetwork);
        Begin("up", _near, room => _near.ReceiveFrom(room, SocketFlags.None, client), datagram => _far.Send(datagram));
        Begin("down", _far, room => _far.Receive(room), datagram => _near.SendTo(datagram, SocketFlags.None, client));
    }

    /// <summary>Where the host finds its beginning.</summary>
    public IPEndPoint Address => (IPEndPoint)_near.LocalEndPoint!;

    /// <inheritdoc/>
    public void Dispose()
    {
        _near.Dispose();
        _far.Dispose();
    }

    private void Begin(string name, Socket from, Receiver receive, Sender send) => new Thread(() => UntilDisposed(() =>
    {
        byte[] datagrams = new byte[Slots * Length];
        (long Due, int Length)[] under = new (long, int)[Slots];
        int oldest = 0;
        int count = 0;
        long each = (long)(_each.TotalSeconds * Stopwatch.Frequency);
        while (true)
        {
            if (count == 0)
            {
                from.Poll(Timeout.InfiniteTimeSpan, SelectMode.SelectRead);
            }
            else
            {
                Thread.Sleep(1);
            }

            // What finds no slot waits in the socket.
            for (; count < Slots && from.Available > 0; count++)
            {
                int slot = (oldest + count) % Slots;
                int length = receive(datagrams.AsSpan(slot * Length, Length));
                under[slot] = (Stopwatch.GetTimestamp() + each, length);
            }

            for (long now = Stopwatch.GetTimestamp(); count > 0 && under[oldest].Due <= now; count--, oldest = (oldest + 1) % Slots)
            {
                send(datagrams.AsSpan(oldest * Length, under[oldest].Length));
            }
        }
    })) { IsBackground = true, Name = name }.Start();

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
