using System.Net;
using WgProxy.Core.Engine;
using WgProxy.Linux.Native;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Net;

/// <summary>How this host would send to a server.</summary>
/// <param name="Refusal">Why it cannot, in the system's words; null if it can.</param>
/// <param name="LacksFamily">Whether it lacks the server's IP version altogether, or has no route for it.</param>
/// <param name="Mtu">The longest IP packet that passes uncut, as far as the kernel knows; 0 if it does not tell.</param>
/// <param name="Source">The address that it would send from; null if it cannot.</param>
internal sealed record PathAnswer(string? Refusal, bool LacksFamily, int Mtu, IPAddress? Source);

/// <summary>Tries on this host what an engine needs of it. Nothing leaves the host, and nothing is kept.</summary>
internal static class HostTrials
{
    // 4 entries are the fewest that every kernel grants.
    private const int SmallRing = 4;

    /// <summary>The receive and the send buffer, in bytes, of a socket that asks for so many; null if there is no socket at all.</summary>
    /// <param name="bytes">What it asks for.</param>
    public static (int Receive, int Send)? Buffers(int bytes)
    {
        using UdpSocket? socket = UdpSocket.Open(isIPv4: true, out _) ?? UdpSocket.Open(isIPv4: false, out _);
        socket?.Udp.AskBuffers(bytes);
        return socket is null ? null : (socket.Udp.GrantedReceiveBuffer, socket.Udp.GrantedSendBuffer);
    }

    /// <summary>Whether the kernel takes many sends in one call (io_uring).</summary>
    public static bool HasIoUring()
    {
        using SendRing? ring = SendRing.Open(SmallRing);
        return ring is not null;
    }

    /// <summary>Whether a program may choose among the sockets of a port; null if there is no socket.</summary>
    public static bool? CanSteer()
    {
        using UdpSocket? socket = UdpSocket.Open(isIPv4: true, out _) ?? UdpSocket.Open(isIPv4: false, out _);
        return socket?.Udp.TrySharePort() switch
        {
            null => null,
            false => false,
            true => socket.Udp.TryAttach([new sock_filter { code = BPF_RET | BPF_K }]),
        };
    }

    /// <summary>Tries to bind the addresses of a listening address, one after the other. Returns the first that was refused and the error's
    /// number; null if none was.</summary>
    /// <param name="listen">The listening address.</param>
    public static (IPAddress Address, int Error)? Listen(IPEndPoint listen)
    {
        ListenPlan plan = ListenPlan.Of(listen, isIPv4 =>
        {
            using UdpSocket? socket = UdpSocket.Open(isIPv4, out int error);
            return error != EAFNOSUPPORT;
        });
        foreach (IPAddress address in plan.Addresses)
        {
            IPEndPoint local = new(address, plan.Port);
            using UdpSocket? socket = UdpSocket.Open(KernelAddress.IsIPv4(local), out int error);
            error = socket?.Bind(local) ?? error;
            if (error != 0)
            {
                return (address, error);
            }
        }

        return null;
    }

    /// <summary>Finds how this host would send to a server.</summary>
    /// <param name="server">The server.</param>
    /// <param name="binding">What upstream sockets are bound to. Its addresses do not count.</param>
    public static PathAnswer PathTo(IPEndPoint server, UpstreamBinding binding)
    {
        if (!new UpstreamDoor(binding).TryOpen(server, out UdpDescriptor socket, out OpenRefusal refusal))
        {
            return new PathAnswer($"{refusal.Call}: {Refusal.Words(refusal.Error)}", refusal.Error == EAFNOSUPPORT, 0, null);
        }

        int error = socket.Connect(server);
        PathAnswer answer = error == 0
            ? new PathAnswer(null, false, socket.PathMtu, socket.LocalEndPoint.Address)
            : new PathAnswer(Refusal.Words(error), error is ENETUNREACH or EADDRNOTAVAIL, 0, null);
        socket.Close();
        return answer;
    }

    /// <summary>Whether the error means that the system does not permit what was tried.</summary>
    public static bool IsForbidden(int error) => error is EPERM or EACCES;

    /// <summary>Whether it means that another program has the port.</summary>
    public static bool IsTaken(int error) => error == EADDRINUSE;

    /// <summary>Whether it means that this host does not have the address.</summary>
    public static bool IsMissing(int error) => error == EADDRNOTAVAIL;

    /// <summary>An error in words.</summary>
    public static string Words(int error) => Refusal.Words(error);
}
