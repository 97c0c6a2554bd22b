using System.Net;
using System.Text;
using WgProxy.Core.Engine;
using WgProxy.Linux.Native;

namespace WgProxy.Linux.Net;

/// <summary>How upstream sockets are made: with the mark, and tied to the interface or VRF, that the operator gave.</summary>
internal sealed class UpstreamDoor
{
    /// <summary>The call that a refused mark names.</summary>
    public const string MarkCall = "setsockopt SO_MARK";

    /// <summary>The call that a refused interface names.</summary>
    public const string DeviceCall = "setsockopt SO_BINDTODEVICE";

    private readonly UpstreamBinding _binding;
    private readonly byte[] _device;

    /// <summary>The way out by this binding.</summary>
    public UpstreamDoor(UpstreamBinding binding)
    {
        _binding = binding;
        Addresses = new AddressPool(binding.Addresses);
        _device = binding.Device is null ? [] : Encoding.UTF8.GetBytes(binding.Device + '\0');
        LookForDevice();
    }

    /// <summary>The source addresses.</summary>
    public AddressPool Addresses { get; }

    /// <summary>The interface's number; 0 if none was given, or it is not there. An interface that is made anew has another. Sockets that
    /// were tied to the former one reach nothing by it.</summary>
    public uint Device { get; private set; }

    /// <summary>The interface's name with a zero at its end; empty if none was given.</summary>
    public ReadOnlySpan<byte> DeviceName => _device;

    /// <summary>Looks which number the interface has now.</summary>
    public unsafe void LookForDevice()
    {
        fixed (byte* name = _device)
        {
            Device = name is null ? 0 : Libc.if_nametoindex(name);
        }
    }

    /// <summary>A new socket, not yet bound. Returns the refused call and its error.</summary>
    /// <param name="server">The server that it is to be connected to.</param>
    /// <param name="socket">The socket.</param>
    /// <param name="refusal">What was refused.</param>
    public bool TryOpen(IPEndPoint server, out UdpDescriptor socket, out OpenRefusal refusal)
    {
        refusal = default;
        if (!UdpDescriptor.TryOpen(KernelAddress.IsIPv4(server), out socket, out int error))
        {
            refusal = new OpenRefusal("socket", error, server);
            return false;
        }

        string call = MarkCall;
        error = _binding.Mark == 0 ? 0 : socket.Mark(_binding.Mark);
        if (error == 0 && _device.Length > 0)
        {
            call = DeviceCall;
            error = socket.BindToDevice(_device);
        }

        if (error != 0)
        {
            socket.Close();
            refusal = new OpenRefusal(call, error, server);
        }

        return error == 0;
    }
}
