using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Protocol;
using WgProxy.Load.Native;

namespace WgProxy.Load;

/// <summary>One client: a socket with a port of its own, and what a WireGuard session would know.</summary>
internal sealed unsafe class Flow : IDisposable
{
    // As many clients share an address as a home or a small office has.
    private const int PerAddress = 40;
    private const int BufferSize = 4 << 20;

    private readonly Socket _socket;

    public Flow(int number, IPEndPoint server, IPAddress? from)
    {
        _socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        if (from is not null)
        {
            _socket.Bind(new IPEndPoint(Nth(from, number / PerAddress), 0));
        }

        _socket.Connect(server);
        Fd = (int)_socket.Handle;
        _ = Libc.SetInt(Fd, Libc.SolSocket, Libc.SoSndBufForce, BufferSize);
    }

    public int Fd { get; }

    /// <summary>Our index; a new one for every initiation.</summary>
    public uint ClientIndex { get; private set; }

    /// <summary>The server's index, once it has answered.</summary>
    public uint ServerIndex { get; private set; }

    public bool Answered { get; private set; }

    /// <summary>The counter of the next datagram.</summary>
    public ulong Counter { get; set; }

    /// <summary>When the first initiation left.</summary>
    public long AskedAt { get; set; }

    /// <summary>Sends an initiation.</summary>
    public void Ask(Mac1 mac1)
    {
        ClientIndex = (uint)Random.Shared.NextInt64(1L << 32);
        byte* message = stackalloc byte[WireGuard.InitiationSize];
        Messages.Initiation(new Span<byte>(message, WireGuard.InitiationSize), ClientIndex, mac1);
        _ = Libc.Send(Fd, message, WireGuard.InitiationSize, 0);
    }

    /// <summary>Reads what has come; true if it is the answer to the newest initiation.</summary>
    public bool TakeAnswer()
    {
        byte* message = stackalloc byte[2048];
        nint length = Libc.Recv(Fd, message, 2048, Libc.MsgDontWait);
        ReadOnlySpan<byte> response = new(message, (int)Math.Max(0, length));
        if (Answered || Datagram.Classify(response) != DatagramKind.Response
            || Datagram.ReceiverIndex(DatagramKind.Response, response) != ClientIndex)
        {
            return false;
        }

        ServerIndex = Datagram.SenderIndex(response);
        Answered = true;
        return true;
    }

    /// <summary>An empty packet, as WireGuard sends after an answer: it is what confirms the keys.</summary>
    public void SendKeepalive()
    {
        byte* message = stackalloc byte[WireGuard.TransportMinimumSize];
        Span<byte> bytes = new(message, WireGuard.TransportMinimumSize);
        bytes.Clear();
        Messages.Transport(bytes, ServerIndex, Counter++);
        _ = Libc.Send(Fd, message, WireGuard.TransportMinimumSize, 0);
    }

    public void Dispose() => _socket.Dispose();

    private static IPAddress Nth(IPAddress first, int number)
    {
        Span<byte> bytes = stackalloc byte[16];
        _ = first.TryWriteBytes(bytes, out int written);
        Span<byte> tail = bytes[(written - 4)..written];
        BinaryPrimitives.WriteUInt32BigEndian(tail, BinaryPrimitives.ReadUInt32BigEndian(tail) + (uint)number);
        return new IPAddress(bytes[..written]);
    }
}
