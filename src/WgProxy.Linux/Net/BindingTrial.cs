using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Engine;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Net;

/// <summary>Tries what upstream sockets are to be bound to before an engine starts. So a missing privilege, address or route is the
/// operator's error at the start, and not each client's later.</summary>
internal static class BindingTrial
{
    /// <summary>Tries everything. Returns sentences about what the system did not tell.</summary>
    /// <exception cref="EngineException">The system refused.</exception>
    public static IReadOnlyList<string> Run(UpstreamBinding binding)
    {
        if (binding.IsNone)
        {
            return [];
        }

        UpstreamDoor door = new(binding);
        if (!TryOpen(door, IPAddress.Any, out OpenRefusal refusal) && !TryOpen(door, IPAddress.IPv6Any, out refusal))
        {
            throw Refused(binding, refusal);
        }

        return [.. binding.Addresses.Select(prefix => Try(binding, door, prefix)).OfType<string>()];
    }

    private static bool TryOpen(UpstreamDoor door, IPAddress family, out OpenRefusal refusal)
    {
        bool isOpen = door.TryOpen(new IPEndPoint(family, 0), out UdpDescriptor socket, out refusal);
        if (isOpen)
        {
            socket.Close();
        }

        return isOpen;
    }

    private static EngineException Refused(UpstreamBinding binding, in OpenRefusal refusal) => refusal switch
    {
        { Call: UpstreamDoor.MarkCall, Error: EPERM } => RefusalText.ToBind(
            EngineRefusal.UpstreamMark, WithMark(binding), RefusalText.MarkNeeds),
        { Call: UpstreamDoor.MarkCall } => RefusalText.ToBind(EngineRefusal.UpstreamMark, WithMark(binding), Refusal.Words(refusal.Error)),
        { Call: UpstreamDoor.DeviceCall, Error: ENODEV } => RefusalText.ToBind(
            EngineRefusal.UpstreamDevice, ByDevice(binding), RefusalText.NoDevice),
        { Call: UpstreamDoor.DeviceCall, Error: EPERM } => RefusalText.ToBind(
            EngineRefusal.UpstreamDevice, ByDevice(binding), RefusalText.DeviceNeeds),
        { Call: UpstreamDoor.DeviceCall } => RefusalText.ToBind(EngineRefusal.UpstreamDevice, ByDevice(binding), Refusal.Words(refusal.Error)),
        _ => Refusal.Of(refusal.Call!, refusal.Error, RefusalText.Allow),
    };

    private static string WithMark(UpstreamBinding binding) => $"with the mark 0x{binding.Mark:x}";

    private static string ByDevice(UpstreamBinding binding) => $"by {binding.Device}";

    private static string? Try(UpstreamBinding binding, UpstreamDoor door, IPNetwork prefix)
    {
        string? unknown = null;
        (UpstreamEnd first, UpstreamEnd last) = AddressPool.EndsOf(prefix);
        if (first.IsOfPrefix)
        {
            bool? isLocal = RouteQuestion.IsLocal(first, door.Device, out int error) is true
                ? RouteQuestion.IsLocal(last, door.Device, out error)
                : RouteQuestion.IsLocal(first, door.Device, out error);
            unknown = isLocal is not null ? null
                : $"the system does not tell whether {prefix} is routed to this host (netlink: {Refusal.Words(error)}): if it is not, no server's "
                    + "answer arrives";
            if (isLocal is false)
            {
                throw RefusalText.ToBind(EngineRefusal.UpstreamAddress, $"from {prefix}", RefusalText.RouteTo(prefix, binding.Device));
            }
        }

        if (Bind(door, prefix, first) is not 0 and int refusal)
        {
            throw RefusalText.ToBind(
                EngineRefusal.UpstreamAddress,
                $"from {(first.IsOfPrefix ? prefix.ToString() : prefix.BaseAddress.ToString())}",
                refusal == EADDRNOTAVAIL ? RefusalText.NoAddress : Refusal.Words(refusal));
        }

        return unknown;
    }

    private static int Bind(UpstreamDoor door, IPNetwork prefix, UpstreamEnd end)
    {
        bool isIPv4 = prefix.BaseAddress.AddressFamily == AddressFamily.InterNetwork;
        if (!door.TryOpen(new IPEndPoint(isIPv4 ? IPAddress.Any : IPAddress.IPv6Any, 0), out UdpDescriptor socket, out OpenRefusal refusal))
        {
            return refusal.Error;
        }

        int error = socket.Bind(end);
        socket.Close();
        return error;
    }
}
