using WgProxy.Core.Admission;
using WgProxy.Linux.Net;

namespace WgProxy.Linux.Listen;

/// <summary>
/// The sockets by which clients that are not proven are answered, so that nothing that waits in the kernel for strangers takes
/// a byte of the buffer that the proven are answered from. They belong to the listening group, because what they send must bear
/// its port, but stand behind the sockets that the steering program chooses from, and their filter drops whatever is given to
/// them past it. All workers send by them: the neighbours that may be waited for are the host's, not a worker's.
/// </summary>
/// <param name="spread">Which of them answers whom.</param>
internal sealed class StrangerSockets(StrangerSpread spread) : IDisposable
{
    private readonly UdpSocket[] _sockets = new UdpSocket[StrangerSpread.Buffers];
    private readonly int[] _descriptors = new int[StrangerSpread.Buffers];

    /// <summary>Their descriptors, in the order of <see cref="Of"/>.</summary>
    public ReadOnlySpan<int> Descriptors => _descriptors;

    /// <summary>Takes a socket over, bound and deaf.</summary>
    public void Set(int number, UdpSocket socket)
    {
        _sockets[number] = socket;
        _descriptors[number] = socket.Descriptor;
    }

    /// <summary>Which of them answers this client at this moment.</summary>
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
