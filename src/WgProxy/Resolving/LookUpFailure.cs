using System.Net.Sockets;

namespace WgProxy.Resolving;

/// <summary>Why a name could not be looked up, in words: what the C library says of it does not mention names.</summary>
internal static class LookUpFailure
{
    /// <summary>The reason.</summary>
    public static string Words(Exception failure) => failure is SocketException { SocketErrorCode: SocketError.TryAgain }
        ? "no DNS server answered (is one named in /etc/resolv.conf, and does this host reach it?)"
        : failure is SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData }
            ? $"DNS knows no such name ({failure.Message})"
            : failure.Message;
}
