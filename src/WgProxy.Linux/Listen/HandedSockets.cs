using WgProxy.Core.Admission;
using WgProxy.Core.Engine;
using WgProxy.Linux.Net;
using WgProxy.Linux.Send;

namespace WgProxy.Linux.Listen;

/// <summary>Listening sockets that another program has bound. Their ports are not shared, so each gets everything that is sent to its address, and
/// one worker serves all of them.</summary>
internal static class HandedSockets
{
    /// <summary>The worker's sockets.</summary>
    /// <exception cref="EngineException">The system refused.</exception>
    public static IReadOnlyList<IReadOnlyList<ListenSocket>> TakeOver(
        IReadOnlyList<InheritedSocket> handed, StrangerSpread spread, Segmentation segmentation) =>
        [[.. handed.Select(each => TakeOver(each, spread, segmentation))]];

    private static ListenSocket TakeOver(InheritedSocket handed, StrangerSpread spread, Segmentation segmentation)
    {
        bool isWildcard = ListenPlaces.IsWildcard(handed.Local.Address);
        UdpSocket socket = UdpSocket.TakeOver(handed.Descriptor, KernelAddress.IsIPv4(handed.Local));
        socket.Udp.AskBuffers(ListenPlan.Buffer);
        socket.Udp.RefuseMulticast();
        socket.Udp.AskMark();
        if (isWildcard)
        {
            socket.Udp.AskLocalAddress();
        }

        if (segmentation.Coalesces)
        {
            socket.Udp.TryCoalesce();
        }

        if (socket.Udp.TryBatch(out string call) is not 0 and int error)
        {
            throw Refusal.Of(call, error, RefusalText.AllowOrPortable);
        }

        StrangerSockets strangers = new(spread);
        strangers.Use(socket);
        return new ListenSocket(socket, ListenRole.WithMetadata, new DefaultLocalAddress(steering: null, isWildcard), strangers)
        {
            Port = (ushort)handed.Local.Port,
            Own = ListenPlaces.LocalOf(handed.Local.Address),
            IsInherited = true,
            Overflowed = socket.Udp.Overflowed,
        };
    }
}
