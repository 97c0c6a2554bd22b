using System.Net;
using System.Net.Sockets;
using WgProxy.Core;
using WgProxy.Linux;

namespace WgProxy.Tests;

/// <summary>The contract on the kernel's own calls, and what is this engine's own.</summary>
public class LinuxEngineTests : EngineContract
{
    private protected virtual LinuxEngineSettings Own => new();

    private protected override EngineContractWire NewWire(EngineSettings settings) => new LinuxEngineWire(settings, Own);

    private protected override ushort FreePort()
    {
        using PortableEnginePeer holder = new(V4, 0);
        return (ushort)holder.EndPoint.Port;
    }
}
