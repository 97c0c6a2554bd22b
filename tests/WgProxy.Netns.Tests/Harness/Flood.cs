using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>Packets at a fixed rate, by a thread of its own, until told to stop.</summary>
internal sealed class Flood : IDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(2);
    private readonly Socket _socket;
    private readonly Thread _thread;
    private readonly int _perSecond;
    private readonly Func<long, byte[], int> _write;
    private readonly SocketAddress _to;
    private readonly Stopwatch _watch = new();
    private volatile bool _stop;
    private long _sent;
    private Exception? _failure;

    /// <summary>Starts a flood of datagrams, forged where the source is not the host's own.</summary>
    /// <param name="host">Where the sender sits.</param>
    /// <param name="target">Whom it is about.</param>
    /// <param name="perSecond">How many each second.</param>
    /// <param name="source">The sender of a number.</param>
    /// <param name="payload">The datagram of a number.</param>
    public Flood(Host host, IPEndPoint target, int perSecond, Func<long, IPEndPoint> source, Func<long, byte[]> payload)
        : this(host.Space, target.Address, perSecond, (number, packet) => Forgery.WriteUdp(packet, source(number), target, payload(number)))
    {
    }

    /// <summary>Starts a flood of whole packets: the writer is given a number and a buffer, and returns a length.</summary>
    public Flood(Namespace space, IPAddress target, int perSecond, Func<long, byte[], int> write)
    {
        _socket = Forgery.Open(space, target.AddressFamily);
        _perSecond = perSecond;
        _write = write;
        _to = new IPEndPoint(target, 0).Serialize();
        _watch.Start();
        _thread = new Thread(Run) { IsBackground = true, Name = "flood" };
        _thread.Start();
    }

    /// <summary>How many have been sent.</summary>
    public long Sent => Volatile.Read(ref _sent);

    /// <summary>How long it has lasted.</summary>
    public double Seconds => _watch.Elapsed.TotalSeconds;

    /// <summary>How many were sent each second.</summary>
    public double PerSecond => Sent / Seconds;

    /// <summary>Stops, and throws what a send threw.</summary>
    public void Stop()
    {
        _stop = true;
        _thread.Join();
        _watch.Stop();
        if (_failure != null)
        {
            throw new InvalidOperationException($"the flood ended after {_sent} packets", _failure);
        }
    }

    public void Dispose()
    {
        _stop = true;
        _thread.Join();
        _socket.Dispose();
    }

    // What a late step missed is made up for, but no more than a tenth of a second of it: a burst is another attack.
    private void Run()
    {
        byte[] packet = new byte[2048];
        long skipped = 0;
        while (!_stop)
        {
            long due = (long)(_watch.Elapsed.TotalSeconds * _perSecond) - skipped;
            long late = due - _sent - Math.Max(1, _perSecond / 10);
            if (late > 0)
            {
                skipped += late;
                due -= late;
            }

            for (; _sent < due && !_stop; Volatile.Write(ref _sent, _sent + 1))
            {
                int length = _write(_sent, packet);
                try
                {
                    _socket.SendTo(packet.AsSpan(0, length), SocketFlags.None, _to);
                }
                catch (SocketException failure)
                {
                    _failure = failure;
                    return;
                }
            }

            Thread.Sleep(Step);
        }
    }
}
