using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Text;
using WgProxy.Core.Engine;

namespace WgProxy.Portable;

/// <summary>Makes the portable engine's upstream sockets, bound to what the operator gave. Source addresses work on every system. The mark
/// and the interface are options of Linux that .NET does not name.</summary>
/// <param name="binding">What they are bound to.</param>
internal sealed class PortableEngineDoor(UpstreamBinding binding)
{
    // include/uapi/asm-generic/socket.h.
    private const int SocketLevel = 1;
    private const int BindToDevice = 25;
    private const int MarkOption = 36;

    private const string NotHere = "the portable engine can do this on Linux only";

    /// <summary>The source addresses.</summary>
    public AddressPool Addresses { get; } = new(binding.Addresses);

    /// <summary>Tries everything before the engine starts.</summary>
    /// <exception cref="EngineException">The system refused, or this engine cannot do it.</exception>
    public void Try()
    {
        string mark = $"with the mark 0x{binding.Mark:x}";
        string device = $"by {binding.Device}";
        if (binding.Mark != 0)
        {
            Try(EngineRefusal.UpstreamMark, mark, SetMark);
        }

        if (binding.Device is not null)
        {
            Try(EngineRefusal.UpstreamDevice, device, SetDevice);
        }

        foreach (IPNetwork prefix in binding.Addresses)
        {
            Try(prefix);
        }
    }

    /// <summary>A connected, non-blocking socket to a server; false if the system refused.</summary>
    /// <param name="server">The server.</param>
    /// <param name="end">The local address and port; zero what the system is to choose.</param>
    /// <param name="socket">The socket.</param>
    /// <param name="refusal">What it refused.</param>
    public bool TryConnect(IPEndPoint server, UpstreamEnd end, [MaybeNullWhen(false)] out Socket socket, out OpenRefusal refusal)
    {
        IPAddress address = Normalise(server);
        string call = "socket";
        socket = null;
        refusal = default;
        try
        {
            socket = PortableEngineSockets.New(address.AddressFamily, UpstreamPorts.Buffer);
            call = "setsockopt";
            Prepare(socket);
            call = "bind";
            socket.Bind(new IPEndPoint(ToAddress(end, address.AddressFamily), end.Port));
            call = "connect";
            socket.Connect(new IPEndPoint(address, server.Port));
            socket.Blocking = false;
            PortableEngineSockets.Discard(socket);
            return true;
        }
        catch (SocketException refused)
        {
            refusal = new OpenRefusal(call, refused.ErrorCode, server);
            socket?.Dispose();
            socket = null;
            return false;
        }
    }

    /// <summary>The local address from which this host would send to a server now; null if it has no path there.</summary>
    /// <param name="server">The server.</param>
    /// <param name="bound">The address that the mapping's socket is bound to; null if the system chose it.</param>
    /// <returns>The address; the unspecified one if this host does not have the bound one any more.</returns>
    public IPAddress? LocalAddressTo(IPEndPoint server, IPAddress? bound)
    {
        IPAddress address = Normalise(server);
        if (!Addresses.IsEmpty && !Addresses.Has(address.AddressFamily == AddressFamily.InterNetwork))
        {
            return null;
        }

        try
        {
            using Socket socket = new(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            Prepare(socket);
            if (bound is not null && !TryBind(socket, bound))
            {
                return IPAddress.Any;
            }

            socket.Connect(new IPEndPoint(address, server.Port));
            return ((IPEndPoint)socket.LocalEndPoint!).Address;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private static IPAddress Normalise(IPEndPoint server) =>
        server.Address.IsIPv4MappedToIPv6 ? server.Address.MapToIPv4() : server.Address;

    private static IPAddress ToAddress(UpstreamEnd end, AddressFamily family)
    {
        if (end.Address == 0)
        {
            return family == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any;
        }

        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, end.Address);
        return new IPAddress(end.IsIPv4 ? bytes[12..] : bytes);
    }

    private static bool TryBind(Socket socket, IPAddress address)
    {
        try
        {
            socket.Bind(new IPEndPoint(address, 0));
            return true;
        }
        catch (SocketException refused) when (refused.SocketErrorCode == SocketError.AddressNotAvailable)
        {
            return false;
        }
    }

    private static Socket NewOfAnyFamily() =>
        new(Socket.OSSupportsIPv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);

    private void Prepare(Socket socket)
    {
        if (binding.Mark != 0)
        {
            SetMark(socket);
        }

        if (binding.Device is not null)
        {
            SetDevice(socket);
        }
    }

    private void SetMark(Socket socket) => socket.SetRawSocketOption(SocketLevel, MarkOption, BitConverter.GetBytes(binding.Mark));

    private void SetDevice(Socket socket) =>
        socket.SetRawSocketOption(SocketLevel, BindToDevice, Encoding.UTF8.GetBytes(binding.Device + '\0'));

    private static void Try(EngineRefusal part, string value, Action<Socket> set)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw RefusalText.ToBind(part, value, NotHere);
        }

        try
        {
            using Socket socket = NewOfAnyFamily();
            set(socket);
        }
        catch (SocketException refused)
        {
            // .NET has no name for ENODEV, and reports it as an unknown error (.NET 10).
            throw RefusalText.ToBind(part, value, (part, refused.SocketErrorCode) switch
            {
                (EngineRefusal.UpstreamMark, SocketError.AccessDenied) => RefusalText.MarkNeeds,
                (EngineRefusal.UpstreamDevice, SocketError.AccessDenied) => RefusalText.DeviceNeeds,
                (EngineRefusal.UpstreamDevice, SocketError.SocketError) => RefusalText.NoDevice,
                _ => $"{refused.Message} ({refused.SocketErrorCode})",
            });
        }
    }

    private void Try(IPNetwork prefix)
    {
        (UpstreamEnd first, UpstreamEnd last) = AddressPool.EndsOf(prefix);
        if (first is { IsOfPrefix: true, IsIPv4: false })
        {
            throw RefusalText.ToBind(
                EngineRefusal.UpstreamAddress, $"from {prefix}", "the portable engine takes no IPv6 prefix; list the addresses, or use --engine linux");
        }

        try
        {
            foreach (UpstreamEnd end in (ReadOnlySpan<UpstreamEnd>)[first, last])
            {
                using Socket socket = new(prefix.BaseAddress.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
                Prepare(socket);
                socket.Bind(new IPEndPoint(ToAddress(end, prefix.BaseAddress.AddressFamily), 0));
            }
        }
        catch (SocketException refused)
        {
            bool isMissing = refused.SocketErrorCode == SocketError.AddressNotAvailable;
            throw RefusalText.ToBind(
                EngineRefusal.UpstreamAddress,
                $"from {(first.IsOfPrefix ? prefix.ToString() : prefix.BaseAddress.ToString())}",
                !isMissing ? refused.Message
                    : first.IsOfPrefix ? RefusalText.RouteTo(prefix, binding.Device)
                    : RefusalText.NoAddress);
        }
    }
}
