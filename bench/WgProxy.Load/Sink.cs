using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using WgProxy.Bench;
using WgProxy.Core.Protocol;
using WgProxy.Load.Native;

namespace WgProxy.Load;

/// <summary>A stand-in for a WireGuard server: answers initiations, counts transport data by flow, may echo it.</summary>
internal sealed class Sink : IDisposable
{
    private const int BufferSize = 7 << 20;

    private readonly Lock _gate = new();
    private readonly Socket _socket;
    private readonly int _fd;
    private readonly ReceiveBatch _batch;
    private readonly bool _echo;
    private SinkFlows _flows = new();
    private long _messages;
    private long _stray;
    private long _initiations;
    private bool _deaf;

    public Sink(IPEndPoint listen, bool gro, bool echo)
    {
        _socket = new Socket(listen.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        _socket.Bind(listen);
        _fd = (int)_socket.Handle;
        _batch = new ReceiveBatch(gro);
        _echo = echo;
        if (!Libc.SetInt(_fd, Libc.SolSocket, Libc.SoRcvBufForce, BufferSize))
        {
            _socket.ReceiveBufferSize = BufferSize;
        }

        if (gro && !Libc.SetInt(_fd, Libc.SolUdp, Libc.UdpGro, 1))
        {
            throw new NotSupportedException("this kernel has no UDP_GRO");
        }
    }

    /// <summary>Receives until the process ends.</summary>
    public void Run()
    {
        while (true)
        {
            int count = _batch.Receive(_fd);
            lock (_gate)
            {
                for (int slot = 0; slot < count; slot++)
                {
                    Take(slot);
                }
            }
        }
    }

    /// <summary>Forgets every flow: what still arrives of them is stray.</summary>
    public void Reset()
    {
        lock (_gate)
        {
            _flows = new SinkFlows();
            _messages = _stray = _initiations = 0;
            _deaf = false;
        }
    }

    /// <summary>Counts initiations from now on, and answers none until it is reset: as a server that cannot authenticate
    /// them.</summary>
    public void Deafen()
    {
        lock (_gate)
        {
            _deaf = true;
        }
    }

    public SinkReport Read()
    {
        lock (_gate)
        {
            return _flows.Report() with
            {
                Nanoseconds = (long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency)),
                Stray = _stray,
                Initiations = _initiations,
                Messages = _messages,
            };
        }
    }

    public void Dispose() => _socket.Dispose();

    private void Take(int slot)
    {
        _messages++;
        Span<byte> run = _batch.Bytes(slot);
        int stride = Math.Max(1, _batch.Stride(slot));
        while (!run.IsEmpty)
        {
            Span<byte> datagram = run[..Math.Min(stride, run.Length)];
            run = run[datagram.Length..];
            switch (Datagram.Classify(datagram))
            {
                case DatagramKind.Transport when _flows.Find(Datagram.ReceiverIndex(DatagramKind.Transport, datagram)) is { } flow:
                    Count(flow, datagram, slot);
                    break;
                case DatagramKind.Initiation:
                    Answer(Datagram.SenderIndex(datagram), slot);
                    break;
                default:
                    _stray++;
                    break;
            }
        }
    }

    private void Count(SinkFlow flow, Span<byte> datagram, int slot)
    {
        ulong counter = Messages.Counter(datagram);
        flow.Counters.Count(counter);
        if (_echo)
        {
            Messages.Transport(datagram, flow.ClientIndex, counter);
            Send(datagram, slot);
        }
    }

    private void Answer(uint client, int slot)
    {
        _initiations++;
        if (_deaf)
        {
            return;
        }

        Span<byte> response = stackalloc byte[WireGuard.ResponseSize];
        response.Clear();
        Messages.Response(response, _flows.Add(client), client);
        Send(response, slot);
    }

    // An answer that finds no room is lost, as on any network.
    private void Send(ReadOnlySpan<byte> datagram, int slot) => ReplySender.Send(_fd, datagram, _batch.Name(slot));
}
