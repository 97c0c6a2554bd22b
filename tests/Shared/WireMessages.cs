using System.Buffers.Binary;
using WgProxy.Core.Protocol;

namespace WgProxy.Tests;

/// <summary>
/// Mints datagrams shaped like WireGuard's (sizes and offsets of the WireGuard white paper, section 5.4). What the relay
/// cannot read — keys, ciphertext, tags — is random, so two messages are never alike and a changed byte is seen.
/// </summary>
internal static class WireMessages
{
    public const int InitiationLength = 148;
    public const int ResponseLength = 92;
    public const int CookieReplyLength = 64;
    public const int KeepaliveLength = 32;

    /// <summary>Type 1: a handshake initiation that passes mac1, mac2 zero.</summary>
    public static byte[] Initiation(Mac1 mac1, uint sender)
    {
        byte[] message = New(1, InitiationLength);
        Put(message, 4, sender);
        Seal(message, mac1);
        return message;
    }

    /// <summary>Type 2: a handshake response; its mac1 is valid only if one is given (servers key it with the client's
    /// key, clients with the server's).</summary>
    public static byte[] Response(uint sender, uint receiver, Mac1? mac1 = null)
    {
        byte[] message = New(2, ResponseLength);
        Put(message, 4, sender);
        Put(message, 8, receiver);
        Seal(message, mac1);
        return message;
    }

    /// <summary>Type 3: a cookie reply.</summary>
    public static byte[] CookieReply(uint receiver)
    {
        byte[] message = New(3, CookieReplyLength);
        Put(message, 4, receiver);
        return message;
    }

    /// <summary>Type 4: transport data of the given length in all; 32 is a keepalive.</summary>
    public static byte[] Transport(uint receiver, int length = KeepaliveLength, ulong counter = 0)
    {
        byte[] message = New(4, length);
        Put(message, 4, receiver);
        BinaryPrimitives.WriteUInt64LittleEndian(message.AsSpan(8), counter);
        return message;
    }

    /// <summary>Bytes of this type and length, whether or not the type has such a length; random after the header.</summary>
    public static byte[] New(byte type, int length)
    {
        byte[] message = new byte[length];
        Random.Shared.NextBytes(message);
        Span<byte> header = [type, 0, 0, 0];
        header[..Math.Min(header.Length, length)].CopyTo(message);
        return message;
    }

    /// <summary>The sender index of a type 1 or 2.</summary>
    public static uint Sender(ReadOnlySpan<byte> message) => BinaryPrimitives.ReadUInt32LittleEndian(message[4..]);

    private static void Put(byte[] message, int offset, uint index) =>
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(offset), index);

    private static void Seal(byte[] message, Mac1? mac1)
    {
        mac1?.Write(message);
        message.AsSpan(message.Length - WireGuard.MacSize).Clear();
    }
}
