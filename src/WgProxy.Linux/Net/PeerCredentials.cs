using System.Buffers.Binary;
using System.Net.Sockets;
using WgProxy.Linux.Native;

namespace WgProxy.Linux.Net;

/// <summary>Who is at the other end of a Unix socket.</summary>
internal static class PeerCredentials
{
    // struct ucred: the process, the user and the group, 4 bytes each.
    private const int Size = 12;
    private const int UserOffset = 4;

    /// <summary>The user by whose rights the other end connected, as the kernel noted it then; null if the kernel does not tell.</summary>
    public static uint? UserOf(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        Span<byte> credentials = stackalloc byte[Size];
        try
        {
            return socket.GetRawSocketOption(Constants.SOL_SOCKET, Constants.SO_PEERCRED, credentials) == Size
                ? BitConverter.IsLittleEndian
                    ? BinaryPrimitives.ReadUInt32LittleEndian(credentials[UserOffset..])
                    : BinaryPrimitives.ReadUInt32BigEndian(credentials[UserOffset..])
                : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
