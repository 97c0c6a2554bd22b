using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>
/// Numbered datagrams at a fixed rate, and the account of which arrived where they should: back at the sender, through an
/// <see cref="EchoResponder"/>, or at another socket for one-way streams. The first 8 bytes are the number, the rest repeats it.
/// </summary>
internal sealed class ProbeStream : IDisposable
{
    private readonly Socket _sender;
    private readonly Socket _collector;
    private readonly IPEndPoint _target;
    private readonly double _perSecond;
    private readonly int _size;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly List<TimeSpan> _sent = [];
    private readonly List<TimeSpan?> _arrived = [];
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly Task _sending;
    private readonly Task _collecting;
    private int _damaged;
    private int _duplicates;

    /// <summary>Starts an echo stream from inside one interface to a responder.</summary>
    public ProbeStream(WireGuardInterface from, EchoResponder to, double perSecond, int size = 64)
        : this(from.Host.Space.Udp(from.Inner), to.Address, null, perSecond, size)
    {
    }

    /// <summary>Starts a stream; without a collector its probes are awaited at the sender.</summary>
    public ProbeStream(Socket sender, IPEndPoint target, Socket? collector, double perSecond, int size)
    {
        _sender = sender;
        _collector = collector ?? sender;
        _target = target;
        _perSecond = perSecond;
        _size = size;
        _collecting = Task.Run(CollectAsync);
        _sending = Task.Run(SendAsync);
    }

    public int Sent
    {
        get
        {
            lock (_lock)
            {
                return _sent.Count;
            }
        }
    }

    public int Arrived
    {
        get
        {
            lock (_lock)
            {
                return _arrived.Count(instant => instant != null);
            }
        }
    }

    /// <summary>How many are lost, without those that may still be on their way: what was sent after the last that arrived.</summary>
    public int LostSoFar
    {
        get
        {
            lock (_lock)
            {
                return _arrived.Take(_arrived.FindLastIndex(instant => instant != null) + 1).Count(instant => instant == null);
            }
        }
    }

    /// <summary>The instant, as the account tells instants.</summary>
    public TimeSpan Elapsed => _watch.Elapsed;

    /// <summary>Stops sending, waits for what is still under way (at most 2 s) and returns the account.</summary>
    public async Task<ProbeAccount> StopAsync()
    {
        await _stop.CancelAsync();
        await _sending;
        Stopwatch drain = Stopwatch.StartNew();
        while (Arrived < Sent && drain.Elapsed < TimeSpan.FromSeconds(2))
        {
            await Task.Delay(20, CancellationToken.None);
        }

        lock (_lock)
        {
            return new ProbeAccount(
                [.. _sent], [.. _arrived], Volatile.Read(ref _damaged), Volatile.Read(ref _duplicates));
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _sender.Dispose();
        _collector.Dispose();
        Task.WaitAll([_sending, _collecting], TimeSpan.FromSeconds(5));
        _stop.Dispose();
    }

    private async Task SendAsync()
    {
        byte[] probe = new byte[_size];
        for (long number = 0; !_stop.IsCancellationRequested; number++)
        {
            Fill(probe, number);
            lock (_lock)
            {
                _sent.Add(_watch.Elapsed);
                _arrived.Add(null);
            }

            try
            {
                _sender.SendTo(probe, _target);
            }
            catch (SocketException)
            {
                // Not sent is not arrived: the account shows it.
            }
            catch (ObjectDisposedException)
            {
                return;
            }

            TimeSpan ahead = TimeSpan.FromSeconds((number + 1) / _perSecond) - _watch.Elapsed;
            if (ahead > TimeSpan.FromMilliseconds(1))
            {
                await Task.Delay(ahead, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task CollectAsync()
    {
        byte[] buffer = new byte[65_535];
        byte[] expected = new byte[_size];
        while (true)
        {
            int length;
            try
            {
                length = await _collector.ReceiveAsync(buffer, SocketFlags.None);
            }
            catch (SocketException failure) when (failure.SocketErrorCode == SocketError.ConnectionRefused)
            {
                continue;
            }
            catch (Exception end) when (end is SocketException or ObjectDisposedException)
            {
                return;
            }

            long number = length < sizeof(long) ? -1 : BinaryPrimitives.ReadInt64LittleEndian(buffer);
            Fill(expected, number);
            lock (_lock)
            {
                if (number < 0 || number >= _arrived.Count || !expected.AsSpan().SequenceEqual(buffer.AsSpan(0, length)))
                {
                    _damaged++;
                }
                else if (_arrived[(int)number] != null)
                {
                    _duplicates++;
                }
                else
                {
                    _arrived[(int)number] = _watch.Elapsed;
                }
            }
        }
    }

    private static void Fill(byte[] probe, long number)
    {
        probe.AsSpan().Fill((byte)number);
        BinaryPrimitives.WriteInt64LittleEndian(probe, number);
    }
}
