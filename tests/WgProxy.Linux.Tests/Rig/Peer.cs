using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using WgProxy.Core.Engine.Batching;
using WgProxy.Linux.Native;
using WgProxy.Linux.Net;
using WgProxy.Netns.Tests.Harness;

namespace WgProxy.Linux.Tests.Rig;

/// <summary>One datagram as it arrived.</summary>
/// <param name="Bytes">The bytes.</param>
/// <param name="From">Who sent it.</param>
/// <param name="Ecn">Its two ECN bits.</param>
/// <param name="Receive">Which receive brought it: neighbours that the kernel kept together share the number.</param>
internal sealed record Arrival(byte[] Bytes, IPEndPoint From, byte Ecn, int Receive);

/// <summary>A client's or a server's socket that sees what the kernel says beside the bytes: runs and ECN bits; and that
/// can send both.</summary>
internal sealed class Peer : IDisposable
{
    private readonly UdpSocket _socket;
    private readonly ReceiveBatch _received = new();
    private readonly SendBatch _sent = new();
    private readonly Queue<Arrival> _arrivals = new();
    private readonly nint _name = Marshal.AllocHGlobal(KernelAddress.Size);
    private int _receives;

    /// <param name="local">Where it is bound.</param>
    /// <param name="coalesces">Whether it takes runs; otherwise the kernel cuts them for it.</param>
    /// <param name="space">The namespace it lives in; null for this one.</param>
    public Peer(IPEndPoint local, bool coalesces = true, Namespace? space = null)
    {
        _socket = space is null ? Open(local) : space.Run(() => Open(local));
        Assert.True(!coalesces || _socket.Udp.TryCoalesce());
        EndPoint = _socket.LocalEndPoint;
    }

    public IPEndPoint EndPoint { get; }

    public int Descriptor => _socket.Descriptor;

    public static IPAddress Loopback(AddressFamily family) =>
        family == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback;

    /// <summary>Sends one datagram.</summary>
    public void Send(byte[] datagram, IPEndPoint to, byte ecn = 0) => Send([datagram], to, ecn);

    /// <summary>Sends datagrams in one segmented send: equal lengths, but for a shorter last.</summary>
    public void Send(byte[][] datagrams, IPEndPoint to, byte ecn = 0)
    {
        byte[] all = GC.AllocateUninitializedArray<byte>(datagrams.Sum(datagram => datagram.Length), pinned: true);
        int at = 0;
        foreach (byte[] datagram in datagrams)
        {
            datagram.CopyTo(all, at);
            at += datagram.Length;
        }

        KernelAddress.Write(to, _name);
        _sent.Begin(_name);
        _sent.Append(Marshal.UnsafeAddrOfPinnedArrayElement(all, 0), all.Length);
        _sent.Seal(new Train(new Run(0, all.Length, datagrams[0].Length, ecn)), _socket.IsIPv4, default);
        int sent = _sent.Send(_socket.Descriptor, 0, _sent.Count, out int error);
        _sent.Clear();
        Assert.True(sent == 1, $"sending failed with error {error}");
    }

    /// <summary>Sets an option of the socket to these bytes.</summary>
    public unsafe void Set(int level, int option, ReadOnlySpan<byte> value)
    {
        fixed (byte* start = value)
        {
            Assert.Equal(0, Native.Libc.setsockopt(Descriptor, level, option, start, (uint)value.Length));
        }
    }

    /// <summary>The next datagram, waiting for it.</summary>
    public Arrival Receive()
    {
        long start = TimeProvider.System.GetTimestamp();
        while (_arrivals.Count == 0)
        {
            Read();
            Assert.True(TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(10), $"nothing arrived at {EndPoint}");
        }

        return _arrivals.Dequeue();
    }

    /// <summary>Asserts that these arrive next, in this order; returns them as they arrived.</summary>
    public Arrival[] Expect(params byte[][] datagrams) => [.. datagrams.Select(datagram =>
    {
        Arrival arrival = Receive();
        Assert.Equal(datagram, arrival.Bytes);
        return arrival;
    })];

    /// <summary>Asserts that nothing waits.</summary>
    public void ExpectNothing()
    {
        Read();
        Assert.Empty(_arrivals);
    }

    public void Dispose()
    {
        _socket.Dispose();
        _received.Dispose();
        _sent.Dispose();
        Marshal.FreeHGlobal(_name);
    }

    private static UdpSocket Open(IPEndPoint local)
    {
        UdpSocket socket = UdpSocket.Open(local.AddressFamily == AddressFamily.InterNetwork, out int error)!;
        Assert.Equal(0, error);
        socket.Udp.AskBuffers(8 << 20);
        socket.Udp.AskMark();
        Assert.Equal(0, socket.Bind(local));
        return socket;
    }

    private void Read()
    {
        int count = _received.Receive(_socket.Descriptor, 1, out _);
        if (count == 0)
        {
            Thread.Sleep(1);
            return;
        }

        Assert.False(_received.IsTruncated(0));
        ReadOnlySpan<byte> run = _received.BytesOf(0);
        Received control = _received.ControlOf(0);
        int stride = control.Stride == 0 ? run.Length : control.Stride;
        _receives++;
        for (int at = 0; at < run.Length; at += stride)
        {
            byte[] bytes = run[at..Math.Min(at + stride, run.Length)].ToArray();
            _arrivals.Enqueue(new Arrival(bytes, KernelAddress.ToEndPoint(_received.NameOf(0)), control.Ecn, _receives));
        }

        _received.Clear();
    }
}
