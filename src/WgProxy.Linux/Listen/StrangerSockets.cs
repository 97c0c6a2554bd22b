using WgProxy.Core.Admission;
using WgProxy.Linux.Net;

namespace WgProxy.Linux.Listen;

/// <summary>
/// Send-only sockets for answers to unproven clients. What waits in the kernel for a stranger takes no byte of the buffer for
/// proven clients. The sockets belong to the listening group, because their datagrams must bear its port. The steering program
/// never chooses them, and their filter drops what reaches them without it. All workers share them, because the neighbours
/// for which the kernel waits are the host's.
/// </summary>
/// <param name="spread">Chooses the socket for a client.</param>
/// <param name="count">How many sockets there are: <see cref="StrangerSpread.Buffers"/>, or fewer that share the numbers.</param>
internal sealed class StrangerSockets(StrangerSpread spread, int count = StrangerSpread.Buffers) : IDisposable
{
    private readonly UdpSocket[] _sockets = new UdpSocket[count];
    private readonly int[] _descriptors = new int[StrangerSpread.Buffers];
    private ReplyPace? _pace;

    /// <summary>How many sockets there are.</summary>
    public int Count => _sockets.Length;

    /// <summary>Their descriptors, in the order of <see cref="Of"/>.</summary>
    public ReadOnlySpan<int> Descriptors => _descriptors;

    /// <summary>Whether they are the listening socket.</summary>
    public bool AreListening => _pace is not null;

    /// <summary>Answers by the listening socket, which stays its owner's: its port cannot be shared.</summary>
    public void Use(UdpSocket listening)
    {
        _pace = new ReplyPace();
        Array.Fill(_descriptors, listening.Descriptor);
    }

    /// <summary>Takes over a socket that is bound and receives nothing.</summary>
    public void Set(int number, UdpSocket socket)
    {
        _sockets[number] = socket;
        for (int each = number; each < _descriptors.Length; each += _sockets.Length)
        {
            _descriptors[each] = socket.Descriptor;
        }
    }

    /// <summary>Whether a cookie reply may leave by a socket. Where that is the listening socket, few a second may.</summary>
    public bool MayReply(int number, Tick now) => _pace is null || _pace.MayReply(number, now);

    /// <summary>The number of the socket that answers this client now.</summary>
    public int Of(in Source client, Tick now)
    {
        if (spread.WantsSubnets(now))
        {
            ThreadPool.UnsafeQueueUserWorkItem(static spread => spread.LookUpSubnets(), spread, preferLocal: false);
        }

        return spread.Of(client, now);
    }

    /// <summary>Closes them. May be called more than once.</summary>
    public void Dispose()
    {
        foreach (UdpSocket? socket in _sockets)
        {
            socket?.Dispose();
        }
    }
}
