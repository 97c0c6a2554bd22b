using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using WgProxy.Core.Admission;

namespace WgProxy.Portable;

/// <summary>Several sockets of the portable engine on one address, by options of Linux that .NET does not name.</summary>
internal static class PortableEngineSharing
{
    // include/uapi/asm-generic/socket.h, and the same numbers on every processor that .NET runs on.
    private const int SocketLevel = 1;
    private const int ReusePort = 15;
    private const int AttachFilter = 26;
    private const int AttachReusePortFilter = 51;

    // Classic BPF: operations that load, compare and return.
    private const ushort LoadByte = 0x30;
    private const ushort LoadLength = 0x80;
    private const ushort JumpIfEqual = 0x15;
    private const ushort JumpIfAtLeast = 0x35;
    private const ushort Return = 0x06;

    private const uint Everything = uint.MaxValue;
    private const uint Header = 8;
    private const byte InitiationType = 1;

    // The program that chooses a socket sees the payload: socket 1 for what begins like an initiation, socket 0 for the rest.
    private static readonly byte[] Choose =
        Program((LoadByte, 0, 0, 0), (JumpIfEqual, 0, 1, InitiationType), (Return, 0, 0, 1), (Return, 0, 0, 0));

    // A socket's own filter sees the UDP header first. A broadcast reaches every socket without the steering program. With
    // these filters each broadcast is still read once.
    private static readonly byte[] NoInitiations = Program(
        (LoadLength, 0, 0, 0),
        (JumpIfAtLeast, 0, 2, Header + 1),
        (LoadByte, 0, 0, Header),
        (JumpIfEqual, 1, 0, InitiationType),
        (Return, 0, 0, Everything),
        (Return, 0, 0, 0));

    private static readonly byte[] OnlyInitiations =
        Program((LoadByte, 0, 0, Header), (JumpIfEqual, 0, 1, InitiationType), (Return, 0, 0, Everything), (Return, 0, 0, 0));

    private static readonly byte[] Nothing = Program((Return, 0, 0, 0));

    /// <summary>Binds the sockets of an address; null if the system does not let them share it.</summary>
    /// <param name="listen">The address.</param>
    /// <param name="open">Makes a listening socket of a family, with all its options.</param>
    /// <param name="strangers">How many sockets for strangers.</param>
    /// <param name="kept">The sockets for data and for initiations, if an earlier process has bound them; null if not.</param>
    public static PortableEngineGroup? TryBind(IPEndPoint listen, Func<AddressFamily, Socket> open, int strangers = StrangerSpread.Buffers, IReadOnlyList<Socket>? kept = null)
    {
        List<Socket> sockets = [];
        try
        {
            // In this order, because the program names sockets by the order in which they were bound. It names no stranger socket.
            Socket data = Bind(NoInitiations, Choose);
            Socket initiations = Bind(OnlyInitiations);
            for (int i = 0; i < strangers; i++)
            {
                Socket stranger = Bind(Nothing);

                // .NET calls a socket writable while half of its buffer is free.
                stranger.SendBufferSize = 2 * StrangerSpread.BufferBytes;
                stranger.Blocking = false;
            }

            return new PortableEngineGroup(data, initiations, sockets[2..]) { IsInherited = kept is not null };
        }
        catch (SocketException)
        {
            sockets.ForEach(socket => socket.Dispose());
            return null;
        }

        Socket Bind(byte[] filter, byte[]? choice = null)
        {
            bool isKept = sockets.Count < kept?.Count;
            Socket socket = isKept ? kept![sockets.Count] : open(listen.AddressFamily);
            sockets.Add(socket);
            socket.SetRawSocketOption(SocketLevel, ReusePort, BitConverter.GetBytes(1));
            Attach(socket, AttachFilter, filter);
            if (choice is not null)
            {
                Attach(socket, AttachReusePortFilter, choice);
            }

            if (!isKept)
            {
                socket.Bind(listen);
            }

            return socket;
        }
    }

    // struct sock_fprog: how many operations, and where they are. The program stays where it is: it is pinned.
    private static void Attach(Socket socket, int option, byte[] program)
    {
        const int operation = 8;
        byte[] fprog = new byte[2 * nint.Size];
        BitConverter.TryWriteBytes(fprog, (ushort)(program.Length / operation));
        nint address = Marshal.UnsafeAddrOfPinnedArrayElement(program, 0);
        MemoryMarshal.Write(fprog.AsSpan(nint.Size), address);
        socket.SetRawSocketOption(SocketLevel, option, fprog);
    }

    // struct sock_filter, one behind the other.
    private static byte[] Program(params (ushort Code, byte IfTrue, byte IfFalse, uint Operand)[] operations)
    {
        byte[][] parts = [.. operations.Select(each => (byte[])
            [.. BitConverter.GetBytes(each.Code), each.IfTrue, each.IfFalse, .. BitConverter.GetBytes(each.Operand)])];
        byte[] program = GC.AllocateArray<byte>(parts.Sum(part => part.Length), pinned: true);
        parts.SelectMany(part => part).ToArray().CopyTo(program, 0);
        return program;
    }
}
