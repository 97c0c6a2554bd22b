using System.Net;
using System.Net.Sockets;

namespace WgProxy.Portable;

/// <summary>The result of reading an upstream socket.</summary>
internal enum Drained
{
    /// <summary>Nothing is left to read. The caller waits.</summary>
    Empty,

    /// <summary>More may be waiting, after others have had their turn.</summary>
    More,

    /// <summary>Only errors came. The caller waits for a while, even if the system says that something is there to read.</summary>
    Failing,

    /// <summary>The mapping has ended.</summary>
    Closed,
}

/// <summary>
/// One mapping's socket. It waits by an asynchronous receive that peeks at one byte, so that an idle mapping holds no
/// buffer. The datagrams are then read, without waiting, into a buffer that all mappings share. Peeking leaves a
/// datagram in the socket, even an empty one, and takes a pending ICMP error (Linux 6.18, .NET 10). At most one of "an
/// operation is pending" and "a thread of the pool reads" is true, from <see cref="Begin"/> until the last of them
/// sees that the mapping has ended.
/// </summary>
internal sealed class PortableEngineUpstream : SocketAsyncEventArgs, IThreadPoolWorkItem
{
    private const int PatientFailures = 16;

    // Long enough to cost nothing, short enough that a flood of forged ICMP errors, each of which fails one receive, delays
    // what a server sends by no more than a busy link does.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);
    private static readonly byte[] Peeked = new byte[1];

    private readonly PortableEngine _engine;
    private readonly Socket _socket;
    private bool _failed;

    /// <summary>Takes over a connected, non-blocking socket.</summary>
    /// <param name="engine">The engine to which datagrams go.</param>
    /// <param name="socket">The socket.</param>
    /// <param name="slot">The mapping's slot.</param>
    /// <param name="listener">The listener that first heard its client.</param>
    /// <param name="client">The client's address; copied.</param>
    public PortableEngineUpstream(
        PortableEngine engine, Socket socket, int slot, PortableEngineListener listener, SocketAddress client)
        : base(true) // No execution context is captured per receive.
    {
        _engine = engine;
        _socket = socket;
        Slot = slot;
        IPEndPoint local = (IPEndPoint)socket.LocalEndPoint!;
        (Local, Port) = (local.Address, (ushort)local.Port);
        Listener = listener;
        Client = new SocketAddress(client.Family, client.Size);
        client.Buffer[..client.Size].CopyTo(Client.Buffer);
        SetBuffer(Peeked.AsMemory());
    }

    /// <summary>The mapping's slot.</summary>
    public int Slot { get; }

    /// <summary>The local address that its datagrams are sent from.</summary>
    public IPAddress Local { get; }

    /// <summary>The source address for which the socket was reconnected. If the system also chooses by the port, the socket
    /// may have got another one. The engine does not try again until the system's answer changes or the client goes unanswered.
    /// Under the engine's lock.</summary>
    public IPAddress? Asked { get; set; }

    /// <summary>Whether it is not yet connected to its mapping's server address, because an attempt failed. Under the engine's lock.
    /// </summary>
    public bool IsAstray { get; set; }

    /// <summary>The local port.</summary>
    public ushort Port { get; }

    /// <summary>The listener that first heard the client.</summary>
    public PortableEngineListener Listener { get; }

    /// <summary>The listener that answers the client once it is proven; null before. It stays while the mapping lingers. Read and
    /// written under the engine's lock.</summary>
    public PortableEngineListener? Proven { get; set; }

    /// <summary>The client's address.</summary>
    public SocketAddress Client { get; }

    /// <summary>Whether the mapping has ended. Read and written under the engine's lock.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Receives that failed, one after the other. Under the engine's lock.</summary>
    public int Failures { get; set; }

    /// <summary>Counts a failed receive. True if it is time to pause, because an endless error must not cost a processor.
    /// </summary>
    public bool HasFailedTooOften()
    {
        Failures = (Failures + 1) % PatientFailures;
        return Failures == 0;
    }

    /// <summary>Whether the last wait ended with an error that an ICMP message left on the socket: the peek took it, so
    /// no later receive reports it. True once.</summary>
    public bool TakeError()
    {
        bool failed = _failed;
        _failed = false;
        return failed;
    }

    /// <summary>Begins to wait for the server.</summary>
    public void Begin() => Wait();

    /// <summary>Closes the socket. A pending wait or read ends by itself.</summary>
    public void Close()
    {
        IsClosed = true;
        _socket.Dispose();
    }

    /// <summary>The client is proven: it has shown that it receives, or the server has only followed it to its address.
    /// A peer of the server can make it follow to addresses that no host has. So the two kinds have separate sockets.
    /// </summary>
    public void Prove(bool hasReceived) => Proven ??= hasReceived ? Listener : Listener.Data;

    /// <summary>Sends a datagram to the server.</summary>
    /// <returns>What went wrong, or null.</returns>
    public EngineFault? Send(ReadOnlySpan<byte> datagram) =>
        IsClosed ? EngineFault.SendFailed : PortableEngineSockets.Send(_socket, datagram);

    /// <summary>Reads a datagram without waiting.</summary>
    public int Receive(Span<byte> buffer, out SocketError error) =>
        _socket.Receive(buffer, SocketFlags.None, out error);

    /// <summary>Reads what has arrived. Called by the pool.</summary>
    public void Execute()
    {
        switch (_engine.Drain(this))
        {
            case Drained.Empty:
                Wait();
                break;
            case Drained.Failing:
                _ = Task.Delay(Pause).ContinueWith(
                    static (_, upstream) => ((PortableEngineUpstream)upstream!).Execute(), this, TaskScheduler.Default);
                break;
            case Drained.More:
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                break;
            default:
                End();
                break;
        }
    }

    /// <inheritdoc/>
    protected override void OnCompleted(SocketAsyncEventArgs e)
    {
        _failed = SocketError != SocketError.Success;
        Execute();
    }

    private void Wait()
    {
        // The flags are also the answer: each completion overwrites them.
        SocketFlags = SocketFlags.Peek;
        try
        {
            if (_socket.ReceiveAsync(this))
            {
                return;
            }
        }
        catch (ObjectDisposedException)
        {
            End();
            return;
        }

        _failed = SocketError != SocketError.Success;

        // Something is there already. The pool's queue takes it, so that no busy mapping keeps a thread from the others.
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void End()
    {
        Dispose();
        _engine.Ended();
    }
}
