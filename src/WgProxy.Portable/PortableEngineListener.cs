using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Engine;

namespace WgProxy.Portable;

/// <summary>One listening socket of a <see cref="PortableEngine"/> and the thread that reads it.</summary>
internal sealed class PortableEngineListener
{
    // The largest UDP payload is 65,527 bytes (IPv6), so no datagram is truncated.
    private const int BufferLength = 65_536;
    private const int PatientFailures = 16;

    // How often a waiting read checks whether the engine has stopped.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private readonly PortableEngine _engine;
    private readonly Socket _socket;
    private readonly Thread _thread;
    private readonly bool _isIPv4;
    private readonly byte[] _own;
    private bool _isEnding;

    /// <summary>Takes over a bound socket.</summary>
    /// <param name="engine">The engine to which datagrams go.</param>
    /// <param name="socket">The socket.</param>
    /// <param name="strangers">The sockets that answer this address's unproven clients.</param>
    /// <param name="data">The listener for data of the same address; null if it is this one.</param>
    public PortableEngineListener(
        PortableEngine engine, Socket socket, PortableEngineStrangers strangers, PortableEngineListener? data)
    {
        _engine = engine;
        _socket = socket;
        Strangers = strangers;
        Data = data ?? this;

        // Sends happen under the engine's lock. A send that waited for a full link would make every client wait.
        _socket.Blocking = false;
        _isIPv4 = socket.AddressFamily == AddressFamily.InterNetwork;
        EndPoint = (IPEndPoint)socket.LocalEndPoint!;
        _own = ListenPlaces.LocalOf(EndPoint.Address);
        GrantedReceiveBuffer = PortableEngineSockets.GrantedReceiveBuffer(socket);
        _thread = new Thread(Read) { IsBackground = true, Name = $"listen {EndPoint}" };
    }

    /// <summary>Where this listener listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>The sockets that answer this address's unproven clients.</summary>
    public PortableEngineStrangers Strangers { get; }

    /// <summary>The listener for data of the same address: this one, if it is not for initiations.</summary>
    public PortableEngineListener Data { get; }

    /// <summary>How much of the asked receive buffer the system granted.</summary>
    public int GrantedReceiveBuffer { get; }

    /// <summary>Whether its address is given up. Written under the engine's lock.</summary>
    public bool IsEnding
    {
        get => Volatile.Read(ref _isEnding);
        set => Volatile.Write(ref _isEnding, value);
    }

    /// <summary>Begins to read.</summary>
    public void Start() => _thread.Start();

    /// <summary>Closes the sockets, which ends a waiting read.</summary>
    public void Close()
    {
        _socket.Dispose();
        Strangers.Close();
    }

    /// <summary>Waits until the thread has ended, if it was started.</summary>
    public void Join()
    {
        if (!_thread.ThreadState.HasFlag(ThreadState.Unstarted))
        {
            _thread.Join();
        }
    }

    /// <summary>Sends a datagram to a client without waiting; false if the system did not take it.</summary>
    public bool TrySend(ReadOnlySpan<byte> datagram, SocketAddress client)
    {
        try
        {
            return _socket.SendTo(datagram, SocketFlags.None, client) == datagram.Length;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void Read()
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>(BufferLength, pinned: true);
        SocketAddress client = new(_socket.AddressFamily);
        int addressLength = client.Size;
        int failures = 0;
        while (true)
        {
            int length;
            try
            {
                bool waits = !_socket.Poll(Patience, SelectMode.SelectRead);
                if (_engine.HasStopped || IsEnding)
                {
                    // What has come stays there: the socket may be another process's too.
                    return;
                }

                if (waits)
                {
                    continue;
                }

                client.Size = addressLength;
                length = _socket.ReceiveFrom(buffer, SocketFlags.None, client);
                failures = 0;
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                if (!_engine.ReceiveFailed())
                {
                    return;
                }

                // One error concerns one datagram. A system that always fails must not cost a whole processor.
                if (++failures > PatientFailures)
                {
                    Thread.Sleep(TimeSpan.FromMilliseconds(10));
                }

                continue;
            }

            if (!_engine.FromClient(this, buffer.AsSpan(0, length), SourceOf(client), client))
            {
                return;
            }
        }
    }

    // sockaddr_in and sockaddr_in6 agree in these offsets on every system that .NET runs on.
    private Source SourceOf(SocketAddress client)
    {
        ReadOnlySpan<byte> raw = client.Buffer.Span;
        ushort port = BinaryPrimitives.ReadUInt16BigEndian(raw[2..]);
        return _isIPv4
            ? Source.From(raw.Slice(4, 4), port, scope: 0, _own, (ushort)EndPoint.Port)
            : Source.From(raw.Slice(8, 16), port, BitConverter.ToUInt32(raw.Slice(24, 4)), _own, (ushort)EndPoint.Port);
    }
}
