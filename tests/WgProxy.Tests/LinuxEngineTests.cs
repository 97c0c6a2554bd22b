using WgProxy.Core;
using WgProxy.Linux;

namespace WgProxy.Tests;

/// <summary>The contract on the kernel's own calls, by one worker.</summary>
public class LinuxEngineTests : EngineContract
{
    private protected virtual LinuxEngineSettings Own => new() { Workers = 1 };

    private protected override EngineContractWire NewWire(EngineSettings settings) => new LinuxEngineWire(settings, Own);

    private protected override ushort FreePort()
    {
        using PortableEnginePeer holder = new(V4, 0);
        return (ushort)holder.EndPoint.Port;
    }
}

/// <summary>The contract by several workers. Tests that allow less than there is to divide run by one.</summary>
public sealed class LinuxEngineWorkersTests : LinuxEngineTests
{
    private protected override LinuxEngineSettings Own => new() { Workers = 3 };
}

/// <summary>The contract without offloads.</summary>
public sealed class LinuxEnginePlainTests : LinuxEngineTests
{
    private protected override LinuxEngineSettings Own => new() { Workers = 1, Offload = Offload.None };
}
