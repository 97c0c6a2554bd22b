using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using WgProxy.Core.Protocol;
using WgProxy.Linux.Tests.Rig;
using WgProxy.Tests;

namespace WgProxy.Linux.Tests;

// The ends of the rig, and clocks that count.
public sealed unsafe partial class LinuxEngineCosts
{
    private static byte[] Train(byte[] datagram, int count) =>
        [.. Enumerable.Range(0, count).SelectMany(_ => datagram)];

    private void Handshake(Socket client, uint number)
    {
        byte[] buffer = new byte[2048];
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        client.Send(WireMessages.Initiation(_rig.Route.Mac1, 0xC000_0000 | number));
        Assert.Equal(WireMessages.InitiationLength, _server.ReceiveFrom(buffer, ref from));
        _server.Connect(from);
        _server.Send(WireMessages.Response(0x5000_0000 | number, 0xC000_0000 | number));
        Assert.Equal(WireMessages.ResponseLength, client.Receive(buffer));
    }

    private static void Exchange(Socket from, Socket to, byte[] train, byte[] buffer, int rounds, int burst)
    {
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < burst; i++)
            {
                from.Send(train);
            }

            for (int bytes = 0; bytes < burst * train.Length;)
            {
                bytes += to.Receive(buffer);
            }
        }
    }

    /// <summary>What an engine's only worker has allocated, as of its last turn: it reads the clock once in each. What the test's process
    /// allocates besides, for its own timers and threads, is nobody's matter.</summary>
    private sealed class MeteringClock : TimeProvider
    {
        private long _allocated;

        public long Allocated => Interlocked.Read(ref _allocated);

        public override long GetTimestamp()
        {
            if (string.Equals(Thread.CurrentThread.Name, "worker 0", StringComparison.Ordinal))
            {
                Interlocked.Exchange(ref _allocated, GC.GetAllocatedBytesForCurrentThread());
            }

            return base.GetTimestamp();
        }
    }

    private sealed class CountingClock : TimeProvider
    {
        private int _readings;

        public int Readings => Volatile.Read(ref _readings);

        public override long GetTimestamp()
        {
            Interlocked.Increment(ref _readings);
            return base.GetTimestamp();
        }
    }
}
