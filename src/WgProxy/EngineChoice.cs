using WgProxy.Core;
using WgProxy.Linux;

namespace WgProxy;

/// <summary>What can move the datagrams.</summary>
internal enum EngineKind
{
    /// <summary>Sockets of .NET, on every system.</summary>
    Portable,

    /// <summary>Batched system calls and offloads of Linux.</summary>
    Linux,
}

/// <summary>Makes the engine that was chosen.</summary>
internal static class EngineChoice
{
    /// <summary>The engine, not yet started.</summary>
    public static IEngine Create(Options options, EngineSettings settings) => options.Engine switch
    {
        EngineKind.Linux => new LinuxEngine(
            settings, new LinuxEngineSettings { Offload = options.Offload ? Offload.OfThisHost() : Offload.None }),
        _ => new PortableEngine(settings),
    };

    /// <summary>How large a receive buffer a started engine asked for, and what the system granted.</summary>
    public static (int Asked, int Granted) ReceiveBufferOf(IEngine engine) => engine switch
    {
        LinuxEngine linux => (LinuxEngine.AskedReceiveBuffer, linux.GrantedReceiveBuffer),
        PortableEngine portable => (PortableEngine.AskedReceiveBuffer, portable.GrantedReceiveBuffer),
        _ => (0, 0),
    };
}
