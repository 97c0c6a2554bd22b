using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using WgProxy.Bench;
using WgProxy.Core.Protocol;
using WgProxy.Load.Native;

namespace WgProxy.Load;

/// <summary>Initiations from ever other sources, and nothing after them: what somebody sends who knows the public key, or who
/// does not. The addresses are the namespace's own, so what is sent back to them arrives here and is counted.</summary>
internal sealed unsafe class Flood : IDisposable
{
    // A million sources: at 200,000/s one comes again after five seconds.
    private const int Ports = 16;
    private const int Addresses = 1 << 16;
    private const int BatchSize = 64;
    private const int BufferSize = 4 << 20;
    private const int ControlSize = 32;

    // struct in_pktinfo: the device, the address to send from, and one that matters on receipt only.
    private const int PacketInfoSize = 12;
    private const int PacketInfoSourceOffset = 4;

    // Odd, so that the addresses are a permutation: neighbours in time are none in number.
    private const uint Stride = 40_503;

    private readonly Socket[] _sockets = new Socket[Ports];
    private readonly ReceiveBatch _answers = new(gro: false);
    private readonly Mac1 _mac1;
    private readonly bool _forged;
    private readonly uint _firstAddress;
    private readonly byte* _bytes;
    private readonly MMsgHdr* _messages;
    private uint _number;
    private long _cookies;

    /// <summary>Makes ready.</summary>
    /// <param name="server">Whom to ask.</param>
    /// <param name="from">The first of 65,536 addresses of this namespace.</param>
    /// <param name="mac1">The key's.</param>
    /// <param name="forged">Whether mac1 is wrong by one bit.</param>
    public Flood(IPEndPoint server, IPAddress from, Mac1 mac1, bool forged)
    {
        (_mac1, _forged) = (mac1, forged);
        _firstAddress = BinaryPrimitives.ReadUInt32BigEndian(from.GetAddressBytes());
        for (int i = 0; i < Ports; i++)
        {
            _sockets[i] = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            _sockets[i].Bind(new IPEndPoint(IPAddress.Any, 0));
            int fd = (int)_sockets[i].Handle;
            _ = Libc.SetInt(fd, Libc.SolSocket, Libc.SoSndBufForce, BufferSize);
            _ = Libc.SetInt(fd, Libc.SolSocket, Libc.SoRcvBufForce, BufferSize);
        }

        ReadOnlySpan<byte> name = server.Serialize().Buffer.Span;
        byte* target = (byte*)NativeMemory.AllocZeroed(16);
        name[..16].CopyTo(new Span<byte>(target, 16));
        _bytes = (byte*)NativeMemory.AllocZeroed((nuint)(BatchSize * WireGuard.InitiationSize));
        _messages = (MMsgHdr*)NativeMemory.AllocZeroed(BatchSize, (nuint)sizeof(MMsgHdr));
        IoVec* vectors = (IoVec*)NativeMemory.AllocZeroed(BatchSize, (nuint)sizeof(IoVec));
        byte* controls = (byte*)NativeMemory.AllocZeroed(BatchSize * ControlSize);
        for (int i = 0; i < BatchSize; i++)
        {
            vectors[i] = new IoVec { Base = _bytes + (i * WireGuard.InitiationSize), Length = WireGuard.InitiationSize };
            CMsgHdr* control = (CMsgHdr*)(controls + (i * ControlSize));
            *control = new CMsgHdr { Length = (nuint)(sizeof(CMsgHdr) + PacketInfoSize), Level = Libc.SolIp, Type = Libc.IpPktInfo };
            _messages[i].Header = new MsgHdr
            {
                Name = target, NameLength = 16, Vectors = vectors + i, VectorCount = 1, Control = (byte*)control, ControlLength = ControlSize,
            };
        }
    }

    /// <summary>Sends as fast as the kernel takes them, or at a rate.</summary>
    public LoadReport Run(TimeSpan length, int perSecond)
    {
        Pace pace = new(perSecond, BatchSize);
        long sent = 0;
        long start = Stopwatch.GetTimestamp();
        TimeSpan elapsed = TimeSpan.Zero;
        for (; elapsed < length; elapsed = Stopwatch.GetElapsedTime(start))
        {
            int count = (int)Math.Min(pace.Due(elapsed, sent), BatchSize);
            if (count <= 0)
            {
                Pace.Rest();
                continue;
            }

            // All addresses by one port, then all by the next.
            int fd = (int)_sockets[_number / Addresses % Ports].Handle;
            sent += Send(fd, count);
            ReadAnswers(fd);
        }

        Thread.Sleep(200);
        foreach (Socket socket in _sockets)
        {
            while (ReadAnswers((int)socket.Handle) > 0)
            {
                // Until there is none.
            }
        }

        return new LoadReport { Initiations = sent, Seconds = elapsed.TotalSeconds, Cookies = _cookies };
    }

    public void Dispose() => Array.ForEach(_sockets, socket => socket.Dispose());

    private int Send(int fd, int count)
    {
        for (int i = 0; i < count; i++, _number++)
        {
            Span<byte> message = new(_bytes + (i * WireGuard.InitiationSize), WireGuard.InitiationSize);
            Messages.Initiation(message, _number, _mac1);
            message[WireGuard.InitiationMac1Offset] ^= (byte)(_forged ? 1 : 0);
            Span<byte> source = new(_messages[i].Header.Control + sizeof(CMsgHdr) + PacketInfoSourceOffset, sizeof(uint));
            BinaryPrimitives.WriteUInt32BigEndian(source, _firstAddress + (_number * Stride % Addresses));
        }

        // What the kernel does not take is not sent, and not counted.
        return Math.Max(0, Libc.SendMMsg(fd, _messages, (uint)count, 0));
    }

    private int ReadAnswers(int fd)
    {
        int count = _answers.Receive(fd, Libc.MsgDontWait);
        for (int slot = 0; slot < count; slot++)
        {
            _cookies += Datagram.Classify(_answers.Bytes(slot)) == DatagramKind.CookieReply ? 1 : 0;
        }

        return count;
    }
}
